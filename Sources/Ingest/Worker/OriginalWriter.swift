import Foundation
import GPhoto
import Glibc
import Journal

/// Hashes and writes what the camera's thread reads, on a thread of its own, so that the cable never waits for the
/// disk. A bounded number of reused buffers goes round between the two: a disk that is too slow makes the camera's
/// thread wait, and is seen at once.
///
/// The camera's thread calls `begin`, then `buffer`/`append` for each chunk, then `finish`, `leave` or `abandon`. The
/// result is reported by the writer's thread, while the next file is already being read. Several files may be open: a
/// long one rests while a frame that was just shot is fetched.
final class OriginalWriter: @unchecked Sendable {
  // `condition` guards all that is mutable; buffers belong to one thread at a time by way of the queues.
  private enum Step {
    case begin(OriginalFile.Plan)
    case takeUp(object: UInt64)
    case restart(object: UInt64)
    case chunk(object: UInt64, TransferBuffer, count: Int)
    case finish(object: UInt64)
    case leave(object: UInt64)
    case abandon(object: UInt64)
    case end
  }

  /// How large a chunk is. EOS R bodies dislike more than 1 MiB, and the vendors' own programs use that.
  static let chunk = 1 << 20
  private static let bufferCount = 6
  /// How long a disk may take for what was given to it: some gigabytes at the speed of an old memory card.
  private static let longestSync = Duration.seconds(300)
  /// How much of what is there is hashed in one go, in bytes: some tenths of a second on a slow disk.
  static let takenUpAtOnce = 8 << 20

  let spool: Spool
  /// How often the parent is told, while the camera's thread waits for the disk, that the worker lives, in seconds.
  private let aliveInterval: TimeInterval
  private let channel: WorkerChannel
  private let condition = NSCondition()
  private var steps: [Step] = []
  private var isBusy = false
  private var free: [TransferBuffer]
  /// Objects whose file cannot be written: what is read of them is thrown away.
  private var failed: Set<UInt64> = []
  /// Objects that the disk did not take, until they are begun again.
  private var refused: Set<UInt64> = []
  /// The files being written. Only the writer's thread has them, but when it rests (`drain`).
  private var files: [UInt64: OriginalFile] = [:]

  /// - Returns: `nil` if there is no memory for the buffers.
  init?(spool: Spool, channel: WorkerChannel, aliveInterval: TimeInterval = 5) {
    self.spool = spool
    self.aliveInterval = aliveInterval
    self.channel = channel
    free = (0..<Self.bufferCount).compactMap { _ in TransferBuffer(bytes: Self.chunk) }
    guard free.count == Self.bufferCount else { return nil }
    let thread = Thread { [self] in run() }
    thread.name = "writer"
    thread.start()
  }

  func begin(_ plan: OriginalFile.Plan) {
    condition.lock()
    // It may have been refused, and rested when it was asked for again.
    failed.remove(plan.object)
    refused.remove(plan.object)
    condition.unlock()
    push(.begin(plan))
  }

  /// Hashes some of what there is of an object that was begun, before the rest is read. Waits until everything pushed so
  /// far is done.
  /// - Returns: whether there is more to hash.
  func takeUp(object: UInt64) -> Bool {
    push(.takeUp(object: object))
    drain()
    return files[object]?.isTakenUp == false
  }

  /// What there is of an object that was begun: how much, and its last bytes, for comparing them with the camera's.
  /// Waits until everything pushed so far is done. `nil` if its file cannot be written.
  func rest(of object: UInt64, tail count: Int) -> (written: Int64, tail: [UInt8])? {
    drain()
    guard let file = files[object] else { return nil }
    do {
      return (file.written, try file.tail(count))
    } catch {
      // What cannot be read is not gone on with.
      return (file.written, [])
    }
  }

  /// Begins an object's file again, from its first byte.
  func restart(object: UInt64) { push(.restart(object: object)) }

  /// A buffer to read into; waits for one. `nil` if the object's file cannot be written: stop reading it.
  func buffer(for object: UInt64) -> TransferBuffer? {
    condition.lock()
    defer { condition.unlock() }
    let start = ContinuousClock.now
    while free.isEmpty && !failed.contains(object) { waitForDisk(since: start) }
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

  /// It is not complete, and the rest may be fetched another time: keep what there is. Who calls reports.
  func leave(object: UInt64) { push(.leave(object: object)) }

  /// Whether the disk did not take an object's file. Waits until everything pushed so far is done.
  func wasRefused(_ object: UInt64) -> Bool {
    drain()
    condition.lock()
    defer { condition.unlock() }
    return refused.contains(object)
  }

  /// It is not going to be complete: remove what there is. Who calls reports.
  func abandon(object: UInt64) { push(.abandon(object: object)) }

  /// Waits until everything pushed so far is done.
  func drain() {
    condition.lock()
    let start = ContinuousClock.now
    while isBusy || !steps.isEmpty { waitForDisk(since: start) }
    condition.unlock()
  }

  /// Waits for the writer's thread. Syncing gigabytes to a slow disk takes longer than the parent has patience with a worker
  /// that says nothing; one that it kills for that loses what only the camera's memory has. A disk that hangs for good is no
  /// slow one: of that the parent is to hear.
  private func waitForDisk(since start: ContinuousClock.Instant) {
    let isDone = condition.wait(until: Date(timeIntervalSinceNow: aliveInterval))
    guard !isDone, start.duration(to: .now) < Self.longestSync else { return }
    channel.send(.alive(patience: WorkerLoop.patience))
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
    while true {
      condition.lock()
      isBusy = false
      condition.broadcast()
      while steps.isEmpty { condition.wait() }
      let step = steps.removeFirst()
      isBusy = true
      condition.unlock()
      guard take(step) else { break }
    }
    for file in files.values { file.leave() }
    files = [:]
    condition.lock()
    isBusy = false
    condition.broadcast()
    condition.unlock()
  }

  /// - Returns: `false` when it was the last.
  private func take(_ step: Step) -> Bool {
    switch step {
    case .begin(let plan):
      attempt(plan.object) { () throws(JournalError) in
        files[plan.object] = try OriginalFile(plan, spool: spool)
      }
    case .takeUp(let object):
      attempt(object) { () throws(JournalError) in try files[object]?.takeUp(most: Self.takenUpAtOnce) }
    case .restart(let object):
      attempt(object) { () throws(JournalError) in try files[object]?.empty() }
    case .chunk(let object, let buffer, let count):
      if let file = files[object] {
        let chunk = UnsafeRawBufferPointer(start: buffer.start, count: count)
        attempt(object) { () throws(JournalError) in try file.append(chunk) }
      }
      giveBack(buffer)
    case .finish(let object):
      if let file = files.removeValue(forKey: object) {
        attempt(object) { () throws(JournalError) in
          channel.send(try file.finish())
        }
      }
      forget(object)
    case .leave(let object):
      files.removeValue(forKey: object)?.leave()
      forget(object)
    case .abandon(let object):
      files.removeValue(forKey: object)?.discard()
      forget(object)
    case .end:
      return false
    }
    return true
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
      files.removeValue(forKey: object)?.discard()
      condition.lock()
      failed.insert(object)
      refused.insert(object)
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
