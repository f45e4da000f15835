import Foundation
import Journal
import Model
import Testing

@testable import Delivery

@Suite("Fairness between cameras")
struct FairnessTests {
  @Test("A burst of one camera holds up neither the previews nor the originals of another")
  func burst() async throws {
    let server = try ScriptedTus()
    let bench = try await DeliveryBench()
    func shoot(_ names: [String], _ camera: String) async throws {
      for name in names {
        try await bench.frame(
          "\(name).JPG", DeliveryBench.random(300), album: "Party",
          renditions: [.thumbnail: DeliveryBench.random(100), .preview: DeliveryBench.random(200)],
          from: camera)
      }
    }
    // The other camera's two frames come while the burst goes on: there are older ones, and newer.
    try await shoot((1...30).map { "burst-\($0)" }, "burst")
    try await shoot(["calm-1", "calm-2"], "calm")
    try await shoot((31...60).map { "burst-\($0)" }, "burst")
    let destination = DeliveryDestination(
      album: "Party", creationURL: try #require(URL(string: "http://127.0.0.1:\(server.port)/files")))
    let events = await bench.run(
      bench.deliverer([destination], Deliverer.Options(renditionPlaces: 1, originalPlaces: 1))
    ) { events in events.sent.count { $0.name.hasPrefix("calm") } == 6 }
    let renditions = events.sent.filter { $0.kind != .original }
    let originals = events.sent.filter { $0.kind == .original }
    // Every second turn is the calm camera's: its newest frame first, and its thumbnails before its previews.
    let calm = renditions.enumerated().filter { $0.element.name.hasPrefix("calm") }
    #expect(calm.map(\.element.name) == ["calm-2.JPG", "calm-1.JPG", "calm-2.JPG", "calm-1.JPG"])
    #expect(calm.map(\.element.kind) == [.thumbnail, .thumbnail, .preview, .preview])
    #expect(calm.map(\.offset).max() ?? .max <= 8)
    // Of originals the oldest first, and again every second turn.
    #expect(
      originals.filter { $0.name.hasPrefix("calm") }.map(\.name) == ["calm-1.JPG", "calm-2.JPG"])
    #expect(originals.count <= 5)
    #expect(originals.first { $0.name.hasPrefix("burst") }?.name == "burst-1.JPG")
    // No original goes while a rendition waits for a place.
    #expect(renditions.count == 124)
  }
}
