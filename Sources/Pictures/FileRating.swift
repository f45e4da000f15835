import Blocking
import Glibc

/// The stars that a camera wrote into a picture (`xmp:Rating`), without looking at anything else of it.
public enum FileRating {
  /// Where cameras keep the packet: JPEG and HEIF before the picture, RAW formats before or beside the preview.
  public static let head = 1 << 20

  /// Reads a file's head on a thread outside the cooperative pool.
  /// - Returns: 0 to 5; `nil` where nothing says, or the file cannot be read.
  public static func read(_ path: String) async -> Int? {
    await offload { readNow(path) }
  }

  /// The stars in a file's first bytes.
  public static func find(in head: [UInt8]) -> Int? { XMPRating.find(in: head) }

  private static func readNow(_ path: String) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let bytes = [UInt8](unsafeUninitializedCapacity: head) { buffer, count in
      while count < buffer.count {
        let read = Glibc.read(descriptor, buffer.baseAddress! + count, buffer.count - count)
        if read < 0, errno == EINTR { continue }
        guard read > 0 else { return }
        count += read
      }
    }
    return find(in: bytes)
  }
}
