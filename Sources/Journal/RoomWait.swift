import Synchronization

/// What a journal does that finds no room on its disk: it says so at once, or it waits until there is room.
///
/// A transaction that SQLite could not write has left nothing behind, so that it can simply be done again.
final class RoomWait: Sendable {
  private struct State {
    /// Told when the first write begins to wait (`true`), and when none waits any more (`false`); `nil` is no patience.
    var tell: (@Sendable (Bool) -> Void)?
    var waiting = 0
  }

  private let state = Mutex(State())
  private static let pause = Duration.milliseconds(200)

  /// Whether a write waits now.
  var isWaiting: Bool { state.withLock { $0.waiting > 0 } }

  var isPatient: Bool { state.withLock { $0.tell != nil } }

  func begin(_ tell: @escaping @Sendable (Bool) -> Void) { state.withLock { $0.tell = tell } }

  func end() { state.withLock { $0.tell = nil } }

  /// Does something again and again while there is no room for it.
  /// - Throws: what `body` throws, but `.full` only without patience, or after `end`, or if the task is cancelled.
  func patiently<Value>(
    _ body: () async throws(JournalError) -> Value
  ) async throws(JournalError) -> Value {
    var hasWaited = false
    defer { if hasWaited { count(-1) } }
    while true {
      do {
        return try await body()
      } catch {
        guard error.code == .full, isPatient else { throw error }
        if !hasWaited {
          hasWaited = true
          count(1)
        }
        do {
          try await Task.sleep(for: Self.pause)
        } catch is CancellationError {
          throw error
        } catch {
          throw JournalError(.io, "Waiting for room: \(error)")
        }
      }
    }
  }

  private func count(_ change: Int) {
    let (tell, isWaiting, isOther) = state.withLock { state in
      let before = state.waiting > 0
      state.waiting += change
      return (state.tell, state.waiting > 0, before != (state.waiting > 0))
    }
    if isOther { tell?(isWaiting) }
  }
}

extension Journal {
  /// From now on a write that finds the disk full waits until there is room, instead of failing.
  /// - Parameter tell: told `true` when the first write begins to wait, and `false` when none waits any more; from any
  ///   thread.
  public func waitForRoom(_ tell: @escaping @Sendable (Bool) -> Void) { roomWait.begin(tell) }

  /// Writes that wait for room fail with `.full` instead, now and later: the run ends.
  public func waitForRoomNoLonger() { roomWait.end() }

  /// Whether writes wait for room: not before `waitForRoom`, and no longer after `waitForRoomNoLonger`.
  public var waitsForRoom: Bool { roomWait.isPatient }

  /// Whether a write waits for room on the disk.
  public var isWaitingForRoom: Bool { roomWait.isWaiting }
}
