import Crypto
import Foundation
import GPhoto
import Glibc
import Journal
import Model
import SystemPackage

/// Hashes and writes what the camera's thread reads, on a thread of its own, so that the cable never waits for the
/// disk. A bounded number of reused buffers goes round between the two: a disk that is too slow makes the camera's
/// thread wait, and is seen at once.
///
/// The camera's thread calls `begin`, then `buffer`/`append` for each chunk, then `finish` or `abandon`. The result is
/// reported by the writer's thread, while the next file is already being read.
final class OriginalWriter: @unchecked Sendable {
  // `condition` guards all that is mutable; buffers belong to one thread at a time by way of the queues.
  private enum Step {
    case begin(object: UInt64, name: String, day: String, bytes: Int64)
    case chunk(object: UInt64, TransferBuffer, count: Int)
    case finish(object: UInt64)
    case abandon(object: UInt64)
    case end
  }

  /// How large a chunk is. EOS R bodies dislike more than 1 MiB, and the vendors' own programs use that.
  static let chunk = 1 << 20
  private static let bufferCount = 6

  private let spool: Spool
  private let channel: WorkerChannel
  private let condition = NSCondition()
  private var steps: [Step] = []
  private var isBusy = false
  private var free: [TransferBuffer]
  /// Objects whose file cannot be written: what is read of them is thrown away.
  private var failed: Set<UInt64> = []

  /// - Returns: `nil` if there is no memory for the buffers.
  init?(spool: Spool, channel: WorkerChannel) {
    self.spool = spool
    self.channel = channel
    free = (0..<Self.bufferCount).compactMap { _ in TransferBuffer(bytes: Self.chunk) }
    guard free.count == Self.bufferCount else { return nil }
    let thread = Thread { [self] in run() }
    thread.name = "writer"
    thread.start()
  }

  func begin(object: UInt64, name: String, day: String, bytes: Int64) {
    push(.begin(object: object, name: name, day: day, bytes: bytes))
  }

  /// A buffer to read into; waits for one. `nil` if the object's file cannot be written: stop reading it.
  func buffer(for object: UInt64) -> TransferBuffer? {
    condition.lock()
    defer { condition.unlock() }
    while free.isEmpty && !failed.contains(object) { condition.wait() }
    return failed.contains(object) ? nil : free.popLast()
  }

  /// Gives back a buffer that was not filled.
  func giveBack(_ buffer: TransferBuffer) {
    condition.lock()
    free.append(buffer)
    condition.broadcast()
    condition.unlock()
  }

  func append(_ buffer: TransferBuffer, count: Int, to object: UInt64) {
    push(.chunk(object: object, buffer, count: count))
  }

  /// All of it has been read: compare, sync, name, report.
  func finish(object: UInt64) { push(.finish(object: object)) }

  /// It is not going to be complete: remove what there is. Who calls reports.
  func abandon(object: UInt64) { push(.abandon(object: object)) }

  /// Waits until everything pushed so far is done.
  func drain() {
    condition.lock()
    while isBusy || !steps.isEmpty { condition.wait() }
    condition.unlock()
  }

  /// Lets the thread end after what is queued.
  func end() { push(.end) }

  private func push(_ step: Step) {
    condition.lock()
    steps.append(step)
    condition.broadcast()
    condition.unlock()
  }

  private func run() {
    var file: OriginalFile?
    while true {
      condition.lock()
      isBusy = false
      condition.broadcast()
      while steps.isEmpty { condition.wait() }
      let step = steps.removeFirst()
      isBusy = true
      condition.unlock()
      switch step {
      case .begin(let object, let name, let day, let bytes):
        attempt(object) { () throws(JournalError) in
          file = try OriginalFile(object: object, name: name, day: day, bytes: bytes, spool: spool)
        }
      case .chunk(let object, let buffer, let count):
        if let current = file, current.object == object {
          let chunk = UnsafeRawBufferPointer(start: buffer.start, count: count)
          if !attempt(object, { () throws(JournalError) in try current.append(chunk) }) {
            current.discard()
            file = nil
          }
        }
        giveBack(buffer)
      case .finish(let object):
        if let current = file, current.object == object {
          attempt(object) { () throws(JournalError) in channel.send(try current.finish()) }
          file = nil
        }
        forget(object)
      case .abandon(let object):
        if let current = file, current.object == object { current.discard() }
        file = nil
        forget(object)
      case .end:
        file?.discard()
        condition.lock()
        isBusy = false
        condition.broadcast()
        condition.unlock()
        return
      }
    }
  }

  /// Does something for an object's file; a failure is reported once, and ends its reading.
  @discardableResult
  private func attempt(_ object: UInt64, _ body: () throws(JournalError) -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      channel.send(
        .failed(
          object: object, FetchFailure(code: error.code == .full ? .diskFull : .disk, message: error.message))
      )
      condition.lock()
      failed.insert(object)
      condition.broadcast()
      condition.unlock()
      return false
    }
  }

  private func forget(_ object: UInt64) {
    condition.lock()
    failed.remove(object)
    condition.unlock()
  }
}

/// One original being written: its `.part`, and the hash of the same bytes.
private final class OriginalFile {
  let object: UInt64
  private let expected: Int64
  private let path: FilePath
  private let descriptor: Int32
  private var hash = SHA256()
  private var written: Int64 = 0
  private var isOpen = true

  init(object: UInt64, name: String, day: String, bytes: Int64, spool: Spool) throws(JournalError) {
    self.object = object
    expected = bytes
    path = try spool.reserve(name, day: day)
    descriptor = open(Spool.partPath(for: path).string, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(errno, "Opening \(Spool.partPath(for: path))") }
    // A full disk is known before the first byte.
    guard bytes > 0 else { return }
    let number = posix_fallocate(descriptor, 0, off_t(bytes))
    if number == ENOSPC || number == EDQUOT {
      discard()
      throw Self.failure(number, "Making room for \(name) (\(bytes) bytes)")
    }
  }

  deinit {
    if isOpen { close(descriptor) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(JournalError) {
    guard let start = bytes.baseAddress else { return }
    var offset = 0
    while offset < bytes.count {
      let count = write(descriptor, start + offset, bytes.count - offset)
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.failure(errno, "Writing \(Spool.partPath(for: path))")
      }
      offset += count
    }
    hash.update(bufferPointer: bytes)
    written += Int64(bytes.count)
  }

  /// Compares, syncs, names, syncs the folder.
  /// - Returns: the report: `fetched`, or `failed` if the length is not the announced one.
  func finish() throws(JournalError) -> WorkerReport {
    guard written == expected else {
      discard()
      return .failed(
        object: object,
        FetchFailure(
          code: .wrongLength, message: "The camera announced \(expected) bytes and sent \(written)."))
    }
    guard fdatasync(descriptor) == 0 else {
      let number = errno
      discard()
      throw Self.failure(number, "Syncing \(Spool.partPath(for: path))")
    }
    isOpen = false
    guard close(descriptor) == 0 else { throw Self.failure(errno, "Closing \(Spool.partPath(for: path))") }
    try Spool.publish(path)
    return .fetched(object: object, path: path.string, bytes: written, sha256: ContentHash(hash.finalize()))
  }

  /// Removes what there is of it.
  func discard() {
    if isOpen { close(descriptor) }
    isOpen = false
    // What cannot be removed is a `.part` that the journal's reconciliation drops at the next start.
    unlink(Spool.partPath(for: path).string)
  }

  private static func failure(_ number: Int32, _ action: String) -> JournalError {
    let code: JournalError.Code =
      switch number {
      case ENOSPC, EDQUOT: .full
      case EACCES, EPERM, EROFS: .notAllowed
      default: .io
      }
    return JournalError(code, "\(action): \(String(cString: strerror(number)))")
  }
}
