import Foundation

/// A regular file that is open for reading; closed when this value goes.
///
/// Anything else (a folder, a pipe, a device) is refused: reading it could block for ever.
struct RegularFile: ~Copyable {
  private let descriptor: CInt
  /// Its length in bytes when it was opened.
  let length: Int

  init(_ path: String) throws(PictureError) {
    // O_NONBLOCK: opening a pipe that nobody writes to would wait.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw PictureError(.io, String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw PictureError(.io, "not a regular file")
    }
    self.descriptor = descriptor
    length = Int(status.st_size)
  }

  deinit {
    close(descriptor)
  }

  /// The bytes from `offset`; fewer than `count` only at the file's end.
  func read(at offset: Int, count: Int) throws(PictureError) -> [UInt8] {
    guard offset >= 0, offset < length, count > 0 else { return [] }
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: min(count, length - offset)) { buffer, filled in
      filled = 0
      while filled < buffer.count, let start = buffer.baseAddress {
        let got = pread(descriptor, start + filled, buffer.count - filled, off_t(offset + filled))
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        guard got > 0 else { break }
        filled += got
      }
    }
    guard failure == 0 else { throw PictureError(.io, String(cString: strerror(failure))) }
    return bytes
  }
}
