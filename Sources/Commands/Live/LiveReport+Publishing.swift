import Hooks
import Journal
import Model
import Renditions

extension LiveReport {
  /// What becomes of frames between safe and published.
  func tell(_ notice: PublishingNotice, of frame: Frame) {
    let name = Text.harmless(frame.original.name)
    let reason = Text.harmless(notice.reason)
    switch notice {
    case .notRendered:
      // A clip was never meant to have a preview.
      if frame.original.mediaType.hasPrefix("video/") { return console.detail("no preview  \(name): a clip") }
      warn(notice.code, "\(name) cannot be shown (\(reason)). Guests can download it as it is.")
    case .notRetouched:
      warn(
        notice.code,
        "\(name) is published as it was taken, since it could not be retouched: \(Text.sentence(reason))")
    case .held:
      warn(
        notice.code,
        "\(name) is kept and waits for you: \(Text.sentence(reason)) The next run tries it again.")
    case .originalUnchanged:
      warn(notice.code, "The original of \(name) goes as it is: \(Text.sentence(reason))")
    }
  }

  func hookFailed(_ failure: HookFailure) {
    let words = failure.lastLines.split(whereSeparator: \.isNewline).map { Text.harmless(String($0)) }
    warn(
      "hook.failed",
      "The \(failure.point.rawValue) hook for \(Text.harmless(failure.name)) failed: \(Text.sentence(failure.reason))"
        + (words.isEmpty ? "" : " It said: \(words.joined(separator: " / "))"))
  }
}
