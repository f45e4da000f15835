public import SystemPackage

/// Why a program could not be started.
public struct StartFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What could not be had.
  public enum Code: Hashable, Sendable {
    /// A pipe to the program: no descriptors are left.
    case pipe
    /// The program itself: it is not there or not executable, or no process is left.
    case program
  }
  public let code: Code
  /// The kernel's reason.
  public let underlying: Errno

  init(_ code: Code, number: Int32) {
    self.code = code
    underlying = Errno(rawValue: number)
  }

  public var description: String { underlying.description }
}
