import CameraSimulator
import Foundation
import Journal
import Model
import Testing

@testable import Ingest

@Suite(
  "A Fuji body that keeps frames in its buffer", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct BufferTests {
  private static let care = CameraCare(clearsBuffer: true)

  private func run(_ vendor: Vendor = .fuji) async throws -> Tethering {
    var configuration = Tethering.configuration(vendor, bytes: 300_000)
    configuration.buffer = 3
    return try await Tethering(configuration)
  }

  /// Presses the shutter until the body takes the frame.
  /// - Returns: `nil` if it does not take it.
  private func shoot(_ run: Tethering, tries: Int = 400) async throws -> Shot? {
    for _ in 0..<tries {
      do throws(CameraSimulatorError) {
        return try await run.camera.shoot()
      } catch {
        guard error.code == .bufferFull else { throw error }
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    return nil
  }

  @Test("It goes on shooting when frames are deleted there once they are safe; what it had before stays")
  func clears() async throws {
    let run = try await run()
    defer { run.remove() }
    let before = try await run.camera.shoot()
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      var shots: [Shot] = []
      for _ in 0..<12 {
        let shot = try await shoot(run)
        shots.append(try #require(shot))
      }
      var deleted: Set<String> = []
      while deleted.count < 12 { deleted.insert(try await events.deleted()) }
      #expect(deleted == Set(shots.map(\.sha256)))
      let safe = events.seen.compactMap { if case .frameSafe(let frame) = $0 { frame } else { nil } }
      #expect(safe.count == 12)
      for frame in safe { #expect(try await run.isWhole(frame)) }
      #expect(!events.codes.contains("camera_buffer"))
    }
    #expect(run.camera.fileNames == [before.name])
    #expect(try await run.journal.frameCounts().safe == 12)
  }

  @Test("Without being asked nothing is deleted there, and a warning says what helps")
  func asks() async throws {
    let run = try await run()
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      #expect(events.codes.contains("camera_buffer"))
      for _ in 0..<3 {
        _ = try await run.camera.shoot()
        _ = try await events.safe()
      }
      let refused = try await shoot(run, tries: 40)
      #expect(refused == nil)
      run.camera.inject(.drop)
      _ = try await events.connected()
      #expect(events.codes.filter { $0 == "camera_buffer" }.count == 1)
    }
    #expect(run.camera.fileNames.count == 3)
  }

  @Test(
    "What a refusal or an end of the run left in the buffer goes with the next connection, and is not taken again"
  )
  func later() async throws {
    let run = try await run()
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      run.camera.setReadOnly(true)
      for _ in 0..<2 {
        _ = try await run.camera.shoot()
        _ = try await events.safe()
      }
      while try await events.warning() != "not_deleted" {}
      #expect(run.camera.fileNames.count == 2)
    }
    run.camera.setReadOnly(false)
    try await run.tether(care: Self.care) { events in
      for _ in 0..<2 { _ = try await events.deleted() }
    }
    #expect(run.camera.fileNames.isEmpty)
    #expect(try await run.journal.frameCounts().safe == 2)
  }

  @Test("Other makers' cards are left alone by it", arguments: [Vendor.generic, .nikon, .canon])
  func others(vendor: Vendor) async throws {
    var configuration = Tethering.configuration(vendor, bytes: 50_000)
    configuration.clockOffset = 0
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether(care: Self.care) { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      _ = try await events.safe()
      try await Task.sleep(for: .seconds(2))
    }
    #expect(run.camera.fileNames.count == 1)
    #expect(try await run.journal.deletable(from: configuration.serialNumber, onceSafe: true).isEmpty)
  }
}
