import Foundation
import Glibc
import NIOCore
import SystemPackage

/// Why the album server or its store could not do what it was asked.
public struct AlbumServerError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is: what a caller decides by.
  public enum Code: String, Sendable {
    /// The data folder cannot be made, read or written.
    case dataFolder
    /// SQLite refused; the folder's files are as they were.
    case database
    /// The disk, or the account's share of it, is full (ENOSPC, EDQUOT, SQLITE_FULL).
    case noRoom
    /// A file of the store cannot be read or written.
    case file
    /// There is no such album, frame or upload.
    case notFound
    /// The configuration makes no sense.
    case configuration
    /// The address cannot be listened on.
    case listen
  }

  public let code: Code
  /// What happened, with the path or value it happened to; no secret is in it.
  public let message: String
  public let underlying: (any Error)?

  public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.underlying = underlying
  }

  public var description: String {
    guard let underlying else { return message }
    if underlying is SocketAddressError.UnknownHost { return "\(message): there is no such host" }
    guard let number else { return "\(message): \(underlying)" }
    return "\(message): \(String(cString: strerror(number)))"
  }

  /// Whether the kernel refused for want of permission.
  public var isNotAllowed: Bool { number == EACCES || number == EPERM || number == EROFS }

  /// The kernel's `errno` below, through the wrappings of Foundation and NIO.
  private var number: Int32? {
    switch underlying {
    case let error as Errno: error.rawValue
    case let error as IOError: error.errnoCode
    case let error as CocoaError: (error.underlying as? POSIXError)?.code.rawValue
    default: nil
    }
  }
}
