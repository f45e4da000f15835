/// Why a simulated camera could not do what it was told.
public struct CameraSimulatorError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: Sendable, Hashable {
    /// A socket could not be opened, bound or used.
    case socket
    /// A file or folder of the card or of the shots could not be read or written.
    case file
    /// A picture could not be made.
    case picture
    /// The card has no room left.
    case cardFull
    /// The body waits for the computer to delete frames in its buffer.
    case bufferFull
    /// A command or an option is not what it should be.
    case usage
  }

  public let code: Code
  public let message: String
  /// What a lower layer said.
  public let underlying: (any Error)?

  init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.underlying = underlying
  }

  public var description: String {
    underlying.map { "\(message): \($0)" } ?? message
  }
}
