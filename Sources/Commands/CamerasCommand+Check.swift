import Foundation
import Ingest
import SystemPackage

extension CamerasCommand {
  /// The answer of `--check`, one value for the table and for `--json`.
  private struct Checked: Encodable, Sendable {
    struct Camera: Encodable, Sendable {
      let camera: String
      let usable: Bool
      let steps: [CheckStep]
    }
    let cameras: [Camera]
  }

  /// `--check`: tries cameras step by step.
  func check(_ selections: [CameraSelection], isRunning: Bool, in context: Context) async throws {
    let isOption = shutter != nil
    let seconds = try context.settings.number("cameras.shutter", option: shutter) ?? 60
    guard (1...3600).contains(seconds) else {
      throw context.settings.refusal(
        of: "cameras.shutter", isOption: isOption, value: String(seconds), "1 to 3600 seconds are needed.")
    }
    guard !isRunning else {
      throw Complaint(
        .unavailable, "A pixcheese with this home is at work and may hold the camera. End it, then check.")
    }
    let survey = CameraSurvey(takesOver: try context.settings.flag("tether.take_over", option: takeOver))
    let checkups = try await survey.checkups(of: selections, shutter: .seconds(seconds)) {
      [console = context.console] in console.say(Text.harmless($0))
    }
    context.console.emit(
      Checked(cameras: checkups.map { .init(camera: $0.camera, usable: $0.isUsable, steps: $0.steps) }))
    guard !checkups.isEmpty else {
      throw Complaint(.unavailable, "No camera is found on USB. Plug one in, or name one with --camera.")
    }
    context.console.answer(
      Text.table(
        [["CAMERA", "STEP", "VERDICT", "MS", "SEEN"]]
          + checkups.flatMap { checkup in
            checkup.steps.map {
              [
                checkup.camera, Self.words($0.step.rawValue), Self.words($0.verdict.rawValue),
                String($0.milliseconds), Text.harmless($0.detail),
              ]
            }
          }))
    let unusable = checkups.filter { !$0.isUsable }.map(\.camera)
    guard unusable.isEmpty else {
      throw Complaint(
        .unavailable,
        "\(unusable.joined(separator: ", ")): something that tethering needs did not work, as said above.")
    }
  }

  private static func words(_ code: String) -> String { code.replacing("_", with: " ") }
}
