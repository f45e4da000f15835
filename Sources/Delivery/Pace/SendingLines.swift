import Synchronization

/// How many bodies of originals go to one destination at once, whatever they are: whole files, chunks, parts.
///
/// Who waits for an answer, or asks for an upload's address, needs no line: somebody else sends meanwhile, so that the link is
/// not idle for round trips. A line is free again as soon as its body is in the kernel's hands.
final class SendingLines: Sendable {
  private struct State {
    var count: Int
    var taken = 0
    /// Oldest delivery first, and of one delivery who asked first.
    var waiting: [Waiter] = []
    var lastTicket: UInt64 = 0
    /// Originals that are due and have not begun.
    var behind = 0

    /// Takes out who may go now.
    mutating func admit() -> [Waiter] {
      let admitted = waiting.prefix(max(0, count - taken))
      waiting.removeFirst(admitted.count)
      taken += admitted.count
      return Array(admitted)
    }
  }

  private struct Waiter {
    let ticket: UInt64
    let delivery: Int64
    let continuation: CheckedContinuation<Bool, Never>
  }

  private let state: Mutex<State>

  /// - Parameter count: how many at once, 1 or more.
  init(count: Int) {
    state = Mutex(State(count: count))
  }

  /// How many at once.
  var count: Int { state.withLock(\.count) }

  /// How many wait for a line.
  var waiting: Int { state.withLock(\.waiting.count) }

  /// Whether so few originals wait that lines would be free before the last of them has gone: what begins now had better go
  /// in parts.
  var isRunningOut: Bool { state.withLock { $0.behind < $0.count } }

  /// Takes how many bodies may go at once from now on, and how many originals are due and have not begun.
  func set(count: Int, behind: Int) {
    let admitted = state.withLock { state in
      state.count = max(1, count)
      state.behind = behind
      return state.admit()
    }
    for waiter in admitted { waiter.continuation.resume(returning: true) }
  }

  /// Waits for a line; the oldest delivery goes first.
  /// - Parameters:
  ///   - delivery: whose bytes they are; they go in the order of these.
  ///   - bytes: how many.
  /// - Returns: `nil` if the task was cancelled.
  func take(for delivery: Int64, bytes: Int64) async -> SendingLine? {
    let ticket = state.withLock { state in
      state.lastTicket += 1
      return state.lastTicket
    }
    let isAdmitted = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isAdmitted: Bool? = state.withLock { state in
          // Under the lock: a cancellation before this is seen here, one after it finds the waiter.
          guard !Task.isCancelled else { return false }
          if state.waiting.isEmpty, state.taken < state.count {
            state.taken += 1
            return true
          }
          let place = state.waiting.firstIndex { $0.delivery > delivery } ?? state.waiting.endIndex
          state.waiting.insert(
            Waiter(ticket: ticket, delivery: delivery, continuation: continuation), at: place)
          return nil
        }
        if let isAdmitted { continuation.resume(returning: isAdmitted) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiting.firstIndex { $0.ticket == ticket }.map { state.waiting.remove(at: $0) }
      }
      waiter?.continuation.resume(returning: false)
    }
    return isAdmitted ? SendingLine(self, bytes: bytes) : nil
  }

  fileprivate func release() {
    let admitted = state.withLock { state in
      state.taken -= 1
      return state.admit()
    }
    for waiter in admitted { waiter.continuation.resume(returning: true) }
  }
}

/// One of `SendingLines`, for one body.
final class SendingLine: Sendable {
  private let lines: SendingLines
  /// Bytes that were not yet given to the socket; `nil` when the line is free again.
  private let left: Mutex<Int64?>

  fileprivate init(_ lines: SendingLines, bytes: Int64) {
    self.lines = lines
    left = Mutex(bytes)
  }

  /// Takes that bytes were given to the socket; with the last of them the line is free.
  func sent(_ count: Int64) {
    let isDone = left.withLock { left in
      guard let bytes = left else { return false }
      left = bytes > count ? bytes - count : nil
      return bytes <= count
    }
    if isDone { lines.release() }
  }

  /// Frees the line, if it is not free already.
  func release() {
    let wasTaken = left.withLock { left in
      defer { left = nil }
      return left != nil
    }
    if wasTaken { lines.release() }
  }
}
