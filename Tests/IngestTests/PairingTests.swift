import CameraSimulator
import GPhoto
import Testing

@testable import Ingest

@Suite(
  "Cameras that pair with a computer", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct PairingTests {
  @Test("To a camera on a network every worker is the same computer")
  func sameComputer() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    for round in 1...3 {
      // What the library makes up by itself is another every second.
      if round > 1 { try await Task.sleep(for: .milliseconds(1100)) }
      try await run.tether { events in _ = try await events.connected() }
    }
    let survey = CameraSurvey(executable: try #require(Tethering.executable))
    _ = try await survey.findings(for: [.port(.ptpip(host: "127.0.0.1", port: run.camera.port))])
    #expect(run.camera.initiators == [PairingIdentity.guid])
  }

  @Test("Two computers are two")
  func others() {
    let one = PairingIdentity.guid(of: "3d1219c7c4c5404aaa1f6d2a48adfda4")
    #expect(one.count == 16)
    #expect(one != PairingIdentity.guid(of: "3d1219c7c4c5404aaa1f6d2a48adfda5"))
  }
}
