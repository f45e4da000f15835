import Foundation

/// Counts how often the program began with a picture and did not come back.
///
/// Decoders are C libraries: a picture can end the whole process, and so would the next start, and the one after it.
/// The count is the length of a file, which gets a byte before the picture and goes after it. Nothing is synced: what
/// has to be outlived is the end of the process, not of the power. A disk without room for it is no reason not to try.
struct AttemptMark: Sendable {
  /// So many attempts may end with the program: it can have been killed for another reason.
  static let limit = 3

  let path: String

  /// Counts an attempt.
  /// - Throws: `PictureError` with `.deadly` after too many; the next attempt then counts anew.
  func begin() throws(PictureError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_size >= Self.limit else {
      _ = write(descriptor, ".", 1)
      return
    }
    end()
    throw PictureError(.deadly, "")
  }

  /// The picture is done with, whatever came of it.
  func end() {
    unlink(path)
  }
}
