/// What a worker may cost before it is replaced.
public struct WorkerLimits: Hashable, Sendable {
  /// How much memory it may have, in bytes. libgphoto2 leaks; a fresh worker has about 40 MB.
  public var memory: Int64
  /// How long it lives at least before its memory is a reason to replace it: a camera that needs more is left alone
  /// rather than connected again and again.
  public var shortestLife: Duration
  /// How long it may be silent, whatever it promised; an hour at most. A full card's folder keeps some bodies busy for
  /// minutes.
  public var silence: Duration

  public init(
    memory: Int64 = 400 << 20, shortestLife: Duration = .seconds(120), silence: Duration = .seconds(300)
  ) {
    self.memory = memory
    self.shortestLife = shortestLife
    self.silence = silence
  }
}
