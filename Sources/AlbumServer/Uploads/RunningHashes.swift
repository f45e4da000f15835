import Crypto
import Synchronization

/// The SHA-256 of unfinished uploads so far, so that a file that comes in several requests need not be read again.
///
/// Only memory: after a restart, or when there are too many, the file is read at its end instead.
final class RunningHashes: Sendable {
  struct Progress: Sendable {
    var hasher: SHA256
    /// Bytes that are in it.
    var offset: Int64
  }

  /// About 1 MB at 200 bytes each.
  private static let capacity = 4096

  private let running = Mutex<[UploadID: Progress]>([:])

  /// Takes the hash of an upload's first bytes out; `nil` where it is not known for exactly so many.
  func take(_ id: UploadID, offset: Int64) -> SHA256? {
    let progress = running.withLock { $0.removeValue(forKey: id) }
    if offset == 0 { return SHA256() }
    guard let progress, progress.offset == offset else { return nil }
    return progress.hasher
  }

  func put(_ id: UploadID, _ progress: Progress) {
    running.withLock { running in
      if running.count >= Self.capacity { running.removeAll() }
      running[id] = progress
    }
  }
}
