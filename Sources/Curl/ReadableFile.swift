import Foundation

/// A file opened for reading, closed when nobody needs it any longer.
///
/// Its descriptor is what is measured and what is sent, so that a file replaced meanwhile is not taken for it.
/// Opening and measuring block: call them from a thread that may.
public final class ReadableFile: Sendable {
  let descriptor: Int32
  /// The path it was opened by, for messages.
  public let path: String

  /// A file's length and modification time.
  public struct Stamp: Hashable, Sendable {
    public var bytes: Int64
    /// Nanoseconds since 1970.
    public var modifiedNanoseconds: Int64

    public init(bytes: Int64, modifiedNanoseconds: Int64) {
      self.bytes = bytes
      self.modifiedNanoseconds = modifiedNanoseconds
    }
  }

  /// Why a file cannot be read: the system's `errno` and its text.
  public struct OpenError: Error, Hashable, Sendable, CustomStringConvertible {
    public let path: String
    public let errno: Int32

    /// Whether the file is not there, as against being there and unreadable.
    public var isMissing: Bool { errno == ENOENT || errno == ENOTDIR }
    /// Whether only something of this machine has run out, open files or memory: nothing is wrong with the file.
    public var isExhaustion: Bool { errno == EMFILE || errno == ENFILE || errno == ENOMEM }
    public var description: String { "\(path): \(String(cString: strerror(errno)))" }
  }

  /// Opens a regular file.
  /// - Throws: `OpenError`, with `EINVAL` for what is no regular file.
  public init(path: String) throws(OpenError) {
    // O_NONBLOCK: opening a pipe without a writer would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw OpenError(path: path, errno: errno) }
    self.descriptor = descriptor
    self.path = path
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw OpenError(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw OpenError(path: path, errno: EINVAL) }
  }

  deinit {
    close(descriptor)
  }

  /// The length and modification time now.
  /// - Throws: `OpenError`.
  public func stamp() throws(OpenError) -> Stamp {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw OpenError(path: path, errno: errno) }
    let nanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    return Stamp(bytes: Int64(status.st_size), modifiedNanoseconds: nanoseconds)
  }

  /// Reads at an offset; fewer bytes than asked for only at the file's end.
  /// - Returns: how many bytes were read, or `nil` on an error of the device.
  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int? {
    var filled = 0
    while filled < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled,
        off_t(offset) + off_t(filled))
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}
