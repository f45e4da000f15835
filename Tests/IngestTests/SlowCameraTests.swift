import CameraSimulator
import Foundation
import Model
import Testing

@testable import Ingest
@testable import Journal

@Suite(
  "A camera that is slow, and well", .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct SlowCameraTests {
  /// A silence that is long enough to connect on a busy machine, and shorter than what each test lets the worker take.
  private static let limits = WorkerLimits(silence: .seconds(15))

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
    var configuration = Tethering.configuration(way == .memory ? .sony : .generic, bytes: 1_250_000)
    configuration.offersPartialObject = way == .part
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether(patience: .seconds(600), limits: Self.limits) { events in
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

  @Test("A journal that waits longer than a worker may be silent ends no worker")
  func waitingJournal() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(patience: .seconds(600), limits: Self.limits) { events in
      _ = try await events.connected()
      let (begun, continuation) = AsyncStream<Void>.makeStream()
      async let waiting: Void = run.journal.write("Waiting") { _ in
        continuation.finish()
        // What is to be written now waits in line, as it does for room on a full disk.
        Thread.sleep(forTimeInterval: 20)
      }
      for await _ in begun {}
      // So slow that the worker's next word comes after our next look at it.
      run.camera.inject(.latency(milliseconds: 1000))
      let shot = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == shot.sha256)
      try await waiting
      run.camera.clearFaults()
      let next = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == next.sha256)
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
    }
  }
}
