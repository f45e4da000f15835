import Foundation
import GPhoto
import SystemPackage
import Testing

@testable import CameraSimulator
@testable import Ingest

@Suite(
  "A look at cameras", .serialized, .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct CameraSurveyTests {
  @Test("It leaves a camera that shoots to its memory as it is, and asks for no file")
  func untouched() async throws {
    let run = try await Tethering(Tethering.configuration(.sony))
    defer { run.remove() }
    let memory = PropertyValue.uint16(1)
    run.camera.withState { $0.store(memory, in: SonyBehaviour.storeDestination) }
    _ = try await run.camera.shoot()
    let survey = CameraSurvey(
      executable: try #require(Tethering.executable))
    let found = try await survey.findings(for: [.port(.ptpip(host: "127.0.0.1", port: run.camera.port))])
    #expect(found.first?.problem == nil && found.first?.status != nil && found.first?.model != nil)
    #expect(run.camera.withState { $0.property(SonyBehaviour.storeDestination)?.current } == memory)
    #expect(run.camera.servedBytes == 0)
  }
}
