/// What a run sends to its albums: which frames, and which of their originals.
public struct SendingPolicy: Hashable, Sendable {
  public var frames: FrameSelection
  public var originals: OriginalsPolicy

  public init(frames: FrameSelection = .all, originals: OriginalsPolicy = OriginalsPolicy()) {
    self.frames = frames
    self.originals = originals
  }

  /// Reads what `description` wrote; `nil` for anything else.
  public init?(_ text: String) {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 2, let frames = FrameSelection(String(words[0])),
      let originals = OriginalsPolicy(String(words[1]))
    else { return nil }
    self.init(frames: frames, originals: originals)
  }
}

extension SendingPolicy: CustomStringConvertible {
  /// Both as they are written on the command line, `marked jpeg,later`.
  public var description: String { "\(frames) \(originals)" }
}
