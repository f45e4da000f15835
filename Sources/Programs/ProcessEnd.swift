import Glibc

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  /// By itself, with an exit code from 0 to 255.
  case exit(Int32)
  /// By a signal.
  case signal(Int32)

  public var description: String {
    switch self {
    case .exit(let code): "exit code \(code)"
    case .signal(let number): "signal \(number) (\(String(cString: strsignal(number))))"
    }
  }
}
