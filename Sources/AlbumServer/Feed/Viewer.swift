import NIOCore
import Synchronization

/// One connected event stream, as its album's feed knows it.
///
/// Nothing is queued for a viewer: it is only told that there is something, and reads that from the feed at its own pace. So
/// a slow one costs no memory; one that takes nothing at all is cut off.
final class Viewer: Sendable {
  enum Signal: Sendable {
    case changed
    case heartbeat
    case closed
  }

  private struct State {
    var hasChanged = false
    var hasBeat = false
    var isClosed = false
    var waiting: CheckedContinuation<Signal, Never>?
    /// Heartbeats since the running write began; `nil` while nothing is being written.
    var beatsWhileWriting: Int?

    /// The most important thing to tell, once.
    mutating func take() -> Signal? {
      if isClosed { return .closed }
      if hasChanged {
        hasChanged = false
        return .changed
      }
      if hasBeat {
        hasBeat = false
        return .heartbeat
      }
      return nil
    }
  }

  private let state = Mutex(State())
  private let cutOff: @Sendable () -> Void

  /// - Parameter cutOff: closes the connection at once.
  init(cutOff: @escaping @Sendable () -> Void) {
    self.cutOff = cutOff
  }

  /// Waits until there is something to do; a signal that came before is not lost.
  func next() async -> Signal {
    await withCheckedContinuation { continuation in
      let signal = state.withLock { state in
        let signal = state.take()
        if signal == nil { state.waiting = continuation }
        return signal
      }
      if let signal { continuation.resume(returning: signal) }
    }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }

  func changed() { tell { $0.hasChanged = true } }

  /// The stream ends as soon as its task sees this.
  func close() { tell { $0.isClosed = true } }

  /// Called at each heartbeat: a viewer that has been in one write since the last but one takes nothing any more.
  func beat() {
    let isStuck = state.withLock { state in
      guard let beats = state.beatsWhileWriting else { return false }
      state.beatsWhileWriting = beats + 1
      return beats + 1 >= 2
    }
    if isStuck {
      cutOff()
    } else {
      tell { $0.hasBeat = true }
    }
  }

  /// Writes while the feed watches whether it comes to an end.
  func writing(_ write: () async throws -> Void) async throws {
    state.withLock { $0.beatsWhileWriting = 0 }
    defer { state.withLock { $0.beatsWhileWriting = nil } }
    try await write()
  }

  private func tell(_ change: (inout State) -> Void) {
    let waiting: (CheckedContinuation<Signal, Never>, Signal)? = state.withLock { state in
      change(&state)
      guard let continuation = state.waiting, let signal = state.take() else { return nil }
      state.waiting = nil
      return (continuation, signal)
    }
    if let (continuation, signal) = waiting { continuation.resume(returning: signal) }
  }
}
