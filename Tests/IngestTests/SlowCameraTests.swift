import CameraSimulator
import Foundation
import Model
import Testing

@testable import Ingest

@Suite(
  "A camera that is slow, and well", .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct SlowCameraTests {
  /// How a frame comes.
  enum Way: CaseIterable {
    /// In one chunk.
    case part
    /// From a camera without partial reads.
    case whole
    /// With the event that tells of it.
    case memory
  }

  @Test("A frame that takes longer than a worker may be silent ends no worker", arguments: Way.allCases)
  func slow(way: Way) async throws {
    var configuration = Tethering.configuration(way == .memory ? .sony : .generic, bytes: 400_000)
    configuration.offersPartialObject = way == .part
    let run = try await Tethering(configuration)
    defer { run.remove() }
    // Long enough to connect on a busy machine.
    let limits = WorkerLimits(silence: .seconds(5))
    try await run.tether(patience: .seconds(600), limits: limits) { events in
      _ = try await events.connected()
      run.camera.inject(.slow(bytesPerSecond: 50_000))
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(try await run.isWhole(safe))
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
      if way == .whole {
        #expect(events.seen.contains { if case .frameProgress = $0 { true } else { false } })
      }
    }
  }
}
