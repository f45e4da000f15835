import CameraSimulator
import Foundation
import GPhoto
import Testing

@testable import Ingest

/// ptp2 keeps in a file what a Canon body is to save to, and sets the body to its memory where it finds none.
@Suite(
  "What cameras save to", .serialized, .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct CaptureTargetTests {
  @Test("A body saves to its card all the time, also while it is being connected")
  func connecting() async throws {
    let run = try await Tethering(Tethering.configuration(.canon, bytes: 2000))
    defer { run.remove() }
    // Connecting takes its time, and the photographer works on.
    run.camera.inject(.latency(milliseconds: 20))
    let photographer = Task { try await run.camera.shoot(20, every: .milliseconds(60)) }
    try await run.tether(catchUp: .all) { events in
      let elsewhere = try await photographer.value.filter { !$0.path.hasPrefix("/DCIM/") }
      #expect(elsewhere.map(\.name) == [])
      run.camera.clearFaults()
      for _ in 0..<20 { _ = try await events.safe() }
    }
  }

  @Test("Bodies that are connected at the same moment do not change each other's targets")
  func atOnce() async throws {
    let run = try await Tethering(Tethering.configuration(.canon, bytes: 2000))
    defer { run.remove() }
    let others = try (1...7).map { number in
      var configuration = Tethering.configuration(.canon, bytes: 2000)
      configuration.serialNumber = "BODY\(number)"
      return try SimulatedCamera(configuration)
    }
    defer { for camera in others { camera.stop() } }
    let cameras = [run.camera] + others
    try await run.tether(ports: cameras.map { .ptpip(host: "127.0.0.1", port: $0.port) }) { events in
      for _ in cameras { _ = try await events.connected() }
      for camera in cameras {
        let shot = try await camera.shoot()
        #expect(shot.path.hasPrefix("/DCIM/"), "\(camera.configuration.serialNumber)")
      }
      for _ in cameras { _ = try await events.safe() }
    }
  }
}

extension SimulatedCamera {
  fileprivate func shoot(_ count: Int, every pause: Duration) async throws -> [Shot] {
    var shots: [Shot] = []
    for _ in 0..<count {
      shots.append(try await shoot())
      try await Task.sleep(for: pause)
    }
    return shots
  }
}
