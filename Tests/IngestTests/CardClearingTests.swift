import CameraSimulator
import Foundation
import Journal
import Model
import SystemPackage
import Testing

@testable import Ingest

@Suite(
  "Deleting on the card what is delivered", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct CardClearingTests {
  private static let care = CameraCare(deletesDelivered: true, deletionPause: .milliseconds(100))

  /// Delivers a frame as a destination would.
  private func deliver(_ run: Tethering, _ safe: SafeFrame, confirms: Bool = true) async throws {
    let frame = try #require(try await run.journal.frame(withOriginal: safe.sha256))
    try await run.journal.recordRenditions([], facts: nil, failure: "a test", of: frame)
    for delivery in try await run.journal.dueDeliveries(to: "test", limit: 100)
    where delivery.frame == safe.frame {
      try await run.journal.markSent(delivery)
    }
    if confirms {
      #expect(try await run.journal.toConfirm(by: "test", limit: 100).map(\.hash).contains(safe.sha256))
      try await run.journal.confirm(safe.sha256, by: "test")
    }
  }

  /// Takes a frame and delivers another after it: when that one is deleted, so would the first have been.
  private func deleteAnother(_ run: Tethering, _ events: inout EventReader) async throws {
    let shot = try await run.camera.shoot()
    let safe = try await events.safe()
    try await deliver(run, safe)
    #expect(try await events.deleted() == shot.sha256)
    #expect(!run.camera.fileNames.contains(shot.name))
  }

  @Test("A frame goes once it is delivered and confirmed, for each vendor", arguments: Vendor.allCases)
  func vendors(vendor: Vendor) async throws {
    // The simulated Sony announces only what is in its memory.
    guard vendor != .sony else { return }
    let run = try await Tethering(Tethering.configuration(vendor))
    defer { run.remove() }
    let before = try await run.camera.shoot()
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(run.camera.fileNames == [before.name, shot.name])
      try await deliver(run, safe)
      #expect(try await events.deleted() == shot.sha256)
      #expect(run.camera.fileNames == [before.name])
      #expect(try await run.isWhole(safe))
    }
  }

  @Test(
    "What was there before is neither taken nor deleted, whatever a driver that lists for news invents",
    arguments: [Vendor.fuji, .generic])
  func invented(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor, bytes: 50_000))
    defer { run.remove() }
    // Two folders: the driver invents a new file for each folder that it has not listed.
    var before = [try await run.camera.shoot().name]
    run.camera.inject(.rollover)
    before += [try await run.camera.shoot().name, try await run.camera.shoot().name]
    run.camera.inject(.latency(milliseconds: 15))
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      for _ in 0..<2 {
        // Each deletion has a connection of its own, and so has what comes after a lost one.
        try await deleteAnother(run, &events)
        run.camera.inject(.drop)
        _ = try await events.connected()
      }
      try await deleteAnother(run, &events)
    }
    #expect(run.camera.fileNames == before)
    #expect(try await run.journal.frameCounts().safe == 3)
  }

  @Test(
    "What was missed goes if it was shot in this session; what its card has from before is not even taken")
  func missed() async throws {
    var configuration = Tethering.configuration(bytes: 50_000)
    configuration.clockOffset = 0
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      run.camera.inject(.missingEvents(1))
      let missed = try await run.camera.shoot()
      run.camera.inject(.drop)
      let safe = try await events.safe()
      #expect(safe.sha256.hex == missed.sha256)
      try await deliver(run, safe)
      #expect(try await events.deleted() == missed.sha256)
      // As a card with yesterday's frames that is put in.
      run.camera.inject(.missingEvents(1))
      run.camera.setClock(offset: -86_400)
      let old = try await run.camera.shoot()
      run.camera.setClock(offset: 0)
      run.camera.inject(.drop)
      while try await events.warning() != "older_frames" {}
      try await deleteAnother(run, &events)
      #expect(run.camera.fileNames == [old.name])
      #expect(try await run.journal.frameCounts().safe == 2)
    }
  }

  @Test("Nothing goes without being asked for")
  func never() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(try await run.journal.toConfirm(by: "test", limit: 10).isEmpty)
      let frame = try #require(try await run.journal.frame(withOriginal: safe.sha256))
      try await run.journal.recordRenditions([], facts: nil, failure: "a test", of: frame)
    }
    // Nor later, by a run that is asked: it was taken without.
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      try await deleteAnother(run, &events)
    }
    #expect(run.camera.fileNames.count == 1)
  }

  @Test("What is not confirmed, parked, protected or lost in the spool stays")
  func stays() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      // Not confirmed.
      let unconfirmed = try await run.camera.shoot()
      try await deliver(run, try await events.safe(), confirms: false)
      // Parked.
      let parked = try await run.camera.shoot()
      let safe = try await events.safe()
      let waiting = try await run.journal.dueDeliveries(to: "test", kinds: [.original], limit: 100)
      let frame = try #require(try await run.journal.frame(withOriginal: safe.sha256))
      try await run.journal.recordRenditions([], facts: nil, failure: "a test", of: frame)
      for delivery in try await run.journal.dueDeliveries(to: "test", limit: 100)
      where delivery.frame == safe.frame {
        try await run.journal.park(delivery, reason: "a test")
      }
      #expect(waiting.count <= 1)
      try await run.journal.confirm(safe.sha256, by: "test")
      // Protected.
      let protected = try await run.camera.shoot()
      let third = try await events.safe()
      #expect(run.camera.protect(protected.name) == 1)
      try await deliver(run, third)
      // Gone from the spool, and damaged in it.
      let lost = try await run.camera.shoot()
      let fourth = try await events.safe()
      let original = try #require(try await run.journal.frame(withOriginal: fourth.sha256)).original
      try FileManager.default.removeItem(atPath: original.path.string)
      try await deliver(run, fourth)
      let damaged = try await run.camera.shoot()
      let fifth = try await events.safe()
      let other = try #require(try await run.journal.frame(withOriginal: fifth.sha256)).original
      try Data(count: Int(other.bytes)).write(to: URL(fileURLWithPath: other.path.string))
      try await deliver(run, fifth)

      try await deleteAnother(run, &events)
      let kept = [unconfirmed, parked, protected, lost, damaged].map(\.name)
      #expect(run.camera.fileNames == kept)
      #expect(events.codes.filter { $0 == "not_deleted" }.count == 2)
    }
  }

  @Test("Another file under the same name, with the same length and time, stays")
  func sameName() async throws {
    var configuration = Tethering.configuration()
    configuration.clockOffset = 0
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      let start = Date()
      let first = try await run.camera.shoot()
      let safe = try await events.safe()
      // The card is formatted, the clock set back, and the number and the second come again.
      try run.camera.format()
      run.camera.inject(.missingEvents(10))
      run.camera.setClock(offset: start.timeIntervalSinceNow)
      let second = try await run.camera.shoot()
      #expect(second.name == first.name)
      #expect(second.sha256 != first.sha256)
      run.camera.clearFaults()
      try await deliver(run, safe)
      let code = try await events.warning()
      #expect(["not_deleted", "clock_offset"].contains(code))
      try await deleteAnother(run, &events)
      #expect(run.camera.fileNames == [second.name])
    }
  }

  @Test("A card that cannot be written is told of once, and cleared when it can be, on the next connection")
  func readOnly() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      let first = try await events.safe()
      _ = try await run.camera.shoot()
      let second = try await events.safe()
      run.camera.setReadOnly(true)
      try await deliver(run, first)
      try await deliver(run, second)
      while try await events.warning() != "not_deleted" {}
      #expect(run.camera.fileNames.count == 2)
      run.camera.setReadOnly(false)
      run.camera.inject(.drop)
      var deleted: Set<String> = [try await events.deleted()]
      deleted.insert(try await events.deleted())
      #expect(deleted == [first.sha256.hex, second.sha256.hex])
      #expect(run.camera.fileNames.isEmpty)
      #expect(events.codes.filter { $0 == "not_deleted" }.count == 1)
    }
  }

  @Test(
    "What is delivered while the camera is away goes when it is back; what was asked for before a kill is settled"
  )
  func away() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    var frames: [SafeFrame] = []
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      for _ in 0..<3 {
        _ = try await run.camera.shoot()
        frames.append(try await events.safe())
      }
    }
    for frame in frames { try await deliver(run, frame) }
    let serial = run.camera.configuration.serialNumber
    let deletable = try await run.journal.deletable(from: serial)
    #expect(deletable.map(\.hash) == frames.map(\.sha256))
    // As if the tool had been killed after it asked: once before the camera did it, once after.
    try await run.journal.record(deletable[0], source: serial, as: .asked)
    try await run.journal.record(deletable[1], source: serial, as: .asked)
    #expect(try run.camera.delete(frames[1].name) == 1)
    try await run.tether(care: Self.care) { events in
      var deleted: Set<String> = [try await events.deleted()]
      deleted.insert(try await events.deleted())
      #expect(deleted == [frames[0].sha256.hex, frames[2].sha256.hex])
    }
    #expect(run.camera.fileNames.isEmpty)
    #expect(try await run.journal.deletable(from: serial).map(\.hash) == [frames[1].sha256])
    // The album has lost it again: sent anew, it has yet to be confirmed anew.
    let sent = try await run.journal.sentDeliveries(to: "test", after: 0, limit: 99)
    #expect(try await run.journal.requeue(sent) > 0)
    for delivery in try await run.journal.dueDeliveries(to: "test", limit: 99) {
      try await run.journal.markSent(delivery)
    }
    #expect(try await run.journal.deletable(from: serial).isEmpty)
    #expect(try await run.journal.toConfirm(by: "test", limit: 9).map(\.hash) == [frames[1].sha256])
  }
}

extension EventReader {
  /// The next object that is deleted on its card: its SHA-256.
  mutating func deleted() async throws -> String {
    try await next { if case .frameDeleted(_, _, let hash) = $0 { hash.hex } else { nil } }
  }
}
