import Foundation
import Testing

extension EndToEndTests {
  @Suite("Cameras tried step by step")
  struct CameraCheckTests {
    private struct Answer: Decodable {
      struct Step: Decodable {
        let step: String
        let verdict: String
        let detail: String
      }
      struct Camera: Decodable {
        let camera: String
        let usable: Bool
        let steps: [Step]
      }
      let cameras: [Camera]
    }

    private static let steps = [
      "open", "identify", "list", "thumbnail", "partial_read", "capture_target", "clock", "battery", "event",
      "file",
    ]

    private func answer(of program: Program) throws -> Answer {
      #expect(program.lines.count == 1)
      let line = try #require(program.lines.first)
      return try JSONDecoder().decode(Answer.self, from: Data(line.text.utf8))
    }

    @Test("A camera that can be tethered passes every step", arguments: ["canon", "nikon"])
    func passes(vendor: String) async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.small("--vendor", vendor)
      try await camera.shoot()
      let program = try home.start("cameras", "--check", "--camera", camera.address)
      // The person does as told, and presses once more while waiting.
      let status = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while !Task.isCancelled {
            try await camera.shoot()
            try await Task.sleep(for: .milliseconds(300))
          }
        }
        let status = try await program.end()
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
        return status
      }
      #expect(status == .exit(0), "\(program.words)")
      #expect(program.words.contains("Release the shutter now"))
      let answer = try answer(of: program)
      let checked = try #require(answer.cameras.first { $0.camera.hasSuffix(":\(camera.port)") })
      #expect(checked.usable)
      #expect(checked.steps.map(\.step) == Self.steps)
      #expect(checked.steps.filter { $0.verdict != "good" }.map { "\($0.step): \($0.detail)" } == [])
    }

    @Test("A camera that announces nothing fails, and so does one that is not there: 69")
    func fails() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.small()
      let silent = try await home.run("cameras", "--check", "--shutter", "1", "--camera", camera.address)
      #expect(silent.status == .exit(69))
      let steps = try #require(try answer(of: silent.program).cameras.first).steps
      #expect(steps.map(\.step) == Self.steps)
      #expect(steps.filter { $0.verdict == "failed" }.map(\.step) == ["event"])
      #expect(steps.last?.verdict == "not_tried")
      let gone = try await home.run("cameras", "--check", "--camera", "ptpip:127.0.0.1:1")
      #expect(gone.status == .exit(69))
      #expect(try answer(of: gone.program).cameras.first?.steps.map(\.verdict) == ["failed"])
    }
  }
}
