import CameraSimulator
import Foundation
import GPhoto
import Testing

@testable import Ingest

@Suite(
  "A camera that cannot be reached", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct UnreachableCameraTests {
  @Test("A camera where nobody answers is a clear error in the end, said once")
  func refused() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    var warnings = 0
    let error = await #expect(throws: TetherError.self) {
      // Port 1 of loopback: reserved (tcpmux), and nobody serves it.
      try await run.tether(ports: [.ptpip(host: "127.0.0.1", port: 1)], patience: .milliseconds(100)) {
        events in
        while (try? await events.warning()) != nil { warnings += 1 }
      }
    }
    #expect(error?.code == .noCamera(.refused))
    #expect(warnings == 0, "the error says it")
  }

  @Test(
    "A named camera that was out of reach for too long is still waited for while another one is slow to connect",
    .timeLimit(.minutes(2)))
  func waitsBesideSlowCamera() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    var configuration = Tethering.configuration()
    configuration.serialNumber = "SLOW"
    let slow = try SimulatedCamera(configuration)
    defer { slow.stop() }
    // Out of reach at first; what the slow one does before it is connected takes a second and more.
    run.camera.inject(.refuse(connections: 2))
    slow.inject(.latency(milliseconds: 100))
    try await run.tether(
      ports: [run.camera, slow].map { .ptpip(host: "127.0.0.1", port: $0.port) },
      patience: .milliseconds(50)
    ) { events in
      let there = [try await events.connected().camera, try await events.connected().camera]
      #expect(Set(there) == ["SLOW", "PXC0000001"])
    }
  }

  @Test("Where none of several named cameras can be reached, the reason of the first ends the run")
  func noneReached() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let error = await #expect(throws: TetherError.self) {
      try await run.tether(
        ports: [1, 2].map { .ptpip(host: "127.0.0.1", port: $0) }, patience: .milliseconds(100)
      ) { events in
        while (try? await events.warning()) != nil {}
      }
    }
    #expect(error?.code == .noCamera(.refused))
  }
}
