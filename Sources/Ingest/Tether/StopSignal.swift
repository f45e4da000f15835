import Synchronization

/// Says "stop taking frames" to everyone who asked to be told, once.
final class StopSignal: Sendable {
  private struct State {
    var isRequested = false
    var listeners: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }

  private let state = Mutex(State())

  var isRequested: Bool { state.withLock { $0.isRequested } }

  func request() {
    let listeners = state.withLock { state in
      state.isRequested = true
      defer { state.listeners = [:] }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener() }
  }

  /// Calls back when (or at once if) the stop is requested.
  /// - Returns: what `forget` wants.
  func listen(_ listener: @escaping @Sendable () -> Void) -> Int {
    let (number, isRequested) = state.withLock { state in
      state.next += 1
      if !state.isRequested { state.listeners[state.next] = listener }
      return (state.next, state.isRequested)
    }
    if isRequested { listener() }
    return number
  }

  func forget(_ number: Int) {
    state.withLock { _ = $0.listeners.removeValue(forKey: number) }
  }

  /// Waits, no longer than until the stop is requested or the task is cancelled.
  func rest(_ pause: Duration) async {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let listener = listen { continuation.finish() }
    defer { forget(listener) }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in stream {} }
      // A cancelled sleep is what ends it early.
      group.addTask { try? await Task.sleep(for: pause) }
      await group.next()
      group.cancelAll()
    }
  }
}
