import CameraSimulator
import Foundation
import Journal
import Model
import Testing

@testable import Ingest

@Suite(
  "What a camera's memory has left over", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct LeftoverTests {
  @Test(
    "A frame that was cut off and comes first on the next connection is one frame, and shifts none (libgphoto2#1124)",
    arguments: [true, false])
  func cutOff(inNextRun: Bool) async throws {
    let run = try await Tethering(Tethering.configuration(.sony, bytes: 2_000_000))
    defer { run.remove() }
    var shots: [Shot] = []
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.refuse(connections: 4))
      run.camera.inject(.dropAfter(bytes: 1_000_000))
      shots.append(try await run.camera.shoot())
      _ = try await events.lost()
      if !inNextRun { try await expectBoth(run, shots[0], &events) }
    }
    guard inNextRun else { return }
    run.camera.clearFaults()
    try await run.tether { events in
      try await expectBoth(run, shots[0], &events)
    }
  }

  /// The leftover frame and one more become safe, each once.
  private func expectBoth(_ run: Tethering, _ first: Shot, _ events: inout EventReader) async throws {
    _ = try await events.connected()
    let second = try await run.camera.shoot()
    var hashes: Set<String> = []
    while hashes != [first.sha256, second.sha256] {
      let safe = try await events.safe()
      hashes.insert(safe.sha256.hex)
      #expect(try await run.isWhole(safe))
    }
    #expect(try await run.journal.frameCounts().safe == 2)
  }
}
