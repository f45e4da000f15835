import ArgumentParser
import Model

/// Which frames go to the albums, and which of their originals: the same for every command that takes frames.
struct SendingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Which frames go to the albums: all, those marked on the camera (a star, protection), those with N stars or \
      more, or none. The others are kept: pixcheese queue send.
      """,
      valueName: "all|marked|rated:N|none"))
  var send: String?

  @Option(
    help: ArgumentHelp(
      """
      Which originals go, jpeg (all but RAW), raw, both or none (never), and when: now, later or on-wifi; such as \
      raw,on-wifi. Small renditions go in any case.
      """,
      valueName: "which[,when]"))
  var originals: String?

  /// - Throws: `Complaint` (64, 78).
  func policy(in settings: Settings) throws(Complaint) -> SendingPolicy {
    SendingPolicy(
      frames: try settings.value("send", option: send, needed: FrameSelection.needed, FrameSelection.init)
        ?? .all,
      originals: try Self.originals(originals, in: settings))
  }

  static func originals(_ option: String?, in settings: Settings) throws(Complaint) -> OriginalsPolicy {
    try settings.value("originals", option: option, needed: OriginalsPolicy.needed, OriginalsPolicy.init)
      ?? OriginalsPolicy()
  }
}
