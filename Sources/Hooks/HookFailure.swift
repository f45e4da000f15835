public import Model

/// A hook that did not do what it should: for a warning, and nothing else happens.
public struct HookFailure: Hashable, Sendable {
  public var point: HookPoint
  /// The frame's file name: hostile text.
  public var name: String
  /// What happened, in words.
  public var reason: String
  /// The last lines that the program wrote: hostile text, or empty.
  public var lastLines: String
}
