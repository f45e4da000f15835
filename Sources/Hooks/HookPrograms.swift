public import Model

/// What is run for a frame: a program for each point, and how it is run.
public struct HookPrograms: Sendable {
  /// The program and its arguments, by point.
  public var arguments: [HookPoint: [String]]
  /// A program that runs for longer is ended.
  public var timeLimit: Duration
  /// Programs at once, 1 or more.
  public var places: Int

  public init(_ arguments: [HookPoint: [String]], timeLimit: Duration = .seconds(30), places: Int = 2) {
    self.arguments = arguments
    self.timeLimit = timeLimit
    self.places = max(1, places)
  }
}
