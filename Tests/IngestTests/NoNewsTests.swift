import CameraSimulator
import Foundation
import Glibc
import Journal
import Model
import Testing

@testable import Ingest

@Suite(
  "What is news and what is not", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct NoNewsTests {
  @Test("A star on an old photo, while the first listing has not come to it, is no new frame")
  func starOnOldPhoto() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_000))
    defer { run.remove() }
    for _ in 0..<60 { _ = try await run.camera.shoot() }
    let old = run.camera.shots.map(\.name)
    run.camera.inject(.latency(milliseconds: 10))
    try await run.tether(care: CameraCare(deletesDelivered: true)) { events in
      while !run.camera.hasSession { try await Task.sleep(for: .milliseconds(10)) }
      for name in old.prefix(8) {
        try await Task.sleep(for: .milliseconds(60))
        _ = try run.camera.rate(name, stars: 5)
      }
      run.camera.inject(.latency(milliseconds: 0))
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == shot.sha256)
    }
    #expect(try await run.journal.frameCounts().safe == 1)
  }

  @Test(
    "An announced frame of which the camera says for a moment that it is not there is taken, once",
    arguments: [Vendor.generic, .canon], 1...2)
  func notThereYet(vendor: Vendor, times: Int) async throws {
    let run = try await Tethering(Tethering.configuration(vendor, bytes: 300_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      let before = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == before.sha256)
      run.camera.inject(.unknownObjects(times))
      let shot = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == shot.sha256)
    }
    #expect(try await run.journal.frameCounts().safe == 2)
  }

  @Test("An empty file on the card is no frame, and is said")
  func emptyFile() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "card-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = folder.appending(path: "DCIM/100PIXCH")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    try Data().write(to: images.appending(path: "IMG_0001.JPG"))
    var configuration = Tethering.configuration()
    configuration.card = folder
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether(catchUp: .all) { events in
      _ = try await events.connected()
      while try await events.warning() != "frame_empty" {}
    }
    #expect(try await run.journal.frameCounts().safe == 0)
  }

  @Test("Of an object that the driver does not find, a listing decides; it stays wanted until then")
  func lostNumber() {
    var plan = FetchPlan()
    let object = SourceObject(folder: "/store_00010001/DCIM", name: "IMG_0001.JPG", bytes: 3, modified: 1)
    let now = Date()
    _ = plan.add(object, id: 7, mediaType: "image/jpeg", camera: "c", isCatchUp: false, now: now)
    #expect(plan.next(now: now).map(\.id) == [7])
    #expect(plan.lose(7, now: now) == 1)
    #expect(plan.contains(object) && plan[7] == nil)
    #expect(plan.next(now: now + 60).isEmpty, "it has no number")
    _ = plan.add(object, id: 9, mediaType: "image/jpeg", camera: "c", isCatchUp: false, now: now)
    #expect(plan.next(now: now + 60).map(\.id) == [9])
    _ = plan.lose(9, now: now)
    #expect(plan.setMissingAside().map(\.object) == [object])
  }
}
