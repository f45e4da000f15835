import CameraSimulator
import Foundation
import Model
import Synchronization
import Testing

@testable import Ingest

@Suite(
  "A card that is taken out",
  .enabled(if: Tethering.executable != nil, "the program is not built"))
struct CardSwapTests {
  enum Return: CaseIterable {
    case sameRun, nextRun
  }

  @Test(
    "What was announced and not fetched when its card was taken out is fetched when that card is back",
    arguments: [CatchUp.session, .none], Return.allCases)
  func back(catchUp: CatchUp, when: Return) async throws {
    let cards = FileManager.default.temporaryDirectory.appendingPathComponent("cards-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: cards) }
    func configuration(_ card: String, port: UInt16 = 0) throws -> CameraConfiguration {
      var configuration = Tethering.configuration(bytes: 5_000_000)
      let folder = cards.appendingPathComponent(card)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      (configuration.card, configuration.port) = (folder, port)
      return configuration
    }
    let run = try await Tethering(try configuration("full"))
    defer { run.remove() }
    let port = run.camera.port
    // The camera with the other card in it is there until the run has ended.
    var other: SimulatedCamera?
    defer { other?.stop() }
    var shots: Set<String> = []
    var safe: Set<String> = []
    var left = try await run.tether(catchUp: catchUp) { events in
      _ = try await events.connected()
      run.camera.inject(.slow(bytesPerSecond: 400_000))
      for _ in 0..<3 { shots.insert(try await run.camera.shoot().sha256) }
      for _ in shots { _ = try await events.next { if case .frameCaptured = $0 { true } else { nil } } }
      run.camera.stop()
      other = try SimulatedCamera(try configuration("other", port: port))
      while try await events.warning() != "frame_gone" {}
      _ = try await events.connected()
      guard when == .sameRun else { return }
      other?.stop()
      let again = try SimulatedCamera(try configuration("full", port: port))
      defer { again.stop() }
      while safe.count < 3 { safe.insert(try await events.safe().sha256.hex) }
      #expect(events.seen.count { if case .frameCaptured = $0 { true } else { false } } == 3)
    }
    if when == .nextRun {
      // What may have been deleted holds up no session, for which everything counts that is shot from now on.
      #expect(left == 0)
      #expect(run.end.withLock { $0.isComplete && $0.setAside == 3 })
      other?.stop()
      let again = try SimulatedCamera(try configuration("full", port: port))
      defer { again.stop() }
      left = try await run.tether(catchUp: catchUp) { events in
        while safe.count < 3 { safe.insert(try await events.safe().sha256.hex) }
      }
    }
    #expect(safe == shots)
    #expect(left == 0 && run.end.withLock { $0.setAside } == 0)
  }
}
