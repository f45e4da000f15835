import GRDB
import Glibc

/// Why the journal or the spool could not do what it was asked for.
public struct JournalError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is: what a caller decides by.
  public enum Code: Sendable, Hashable {
    /// The file is there but is no journal, or is damaged.
    case corrupt
    /// Another process has this journal open for writing.
    case locked
    /// The disk (or the quota) is full.
    case full
    /// The journal was written by a newer version of the program.
    case newer
    /// Not allowed to read or write it.
    case notAllowed
    /// A folder for the journal or the spool cannot be made where it shall lie.
    case cannotCreate
    /// Anything else the disk or SQLite refused.
    case io
  }

  public let code: Code
  /// What was tried and what came of it, in words for a person.
  public let message: String
  /// The error below, if there is one.
  public let underlying: (any Error)?

  public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.underlying = underlying
  }

  public var description: String { message }

  /// Whether the task that asked was cancelled first: nothing was done, and nothing is wrong with the journal.
  public var isCancellation: Bool { underlying is CancellationError }

  /// What SQLite (through GRDB) said while `action` was under way.
  init(database error: any Error, while action: String) {
    if let error = error as? JournalError {
      self = error
      return
    }
    let code: Code =
      switch (error as? DatabaseError)?.resultCode {
      case .SQLITE_CORRUPT?, .SQLITE_NOTADB?: .corrupt
      case .SQLITE_FULL?: .full
      case .SQLITE_BUSY?, .SQLITE_LOCKED?: .locked
      case .SQLITE_PERM?, .SQLITE_AUTH?, .SQLITE_READONLY?: .notAllowed
      default: .io
      }
    let words = (error as? DatabaseError)?.message ?? String(describing: error)
    self.init(code, "\(action): \(words)", underlying: error)
  }

  /// What the kernel said (`errno`) while `action` was under way.
  init(errno number: Int32, while action: String) {
    let code: Code =
      switch number {
      case ENOSPC, EDQUOT: .full
      case EACCES, EPERM, EROFS: .notAllowed
      default: .io
      }
    self.init(code, "\(action): \(String(cString: strerror(number)))")
  }
}
