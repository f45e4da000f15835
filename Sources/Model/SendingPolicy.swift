/// What a run sends to its albums: which frames, and which of their originals.
public struct SendingPolicy: Hashable, Sendable {
  public var frames: FrameSelection
  public var originals: OriginalsPolicy

  public init(frames: FrameSelection = .all, originals: OriginalsPolicy = OriginalsPolicy()) {
    self.frames = frames
    self.originals = originals
  }
}
