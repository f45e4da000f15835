import GPhoto
import Synchronization

/// Where a link finds its camera: a port, until the camera is unplugged; another one when it is plugged in again.
///
/// On a network a camera stays where it is; only what knows of plugs (`USBSeats`) moves one.
final class CameraSeat: Sendable {
  private struct State {
    var port: CameraPort?
    var pluggedAt: ContinuousClock.Instant?
    var socket: String?
    var listeners: [Int: @Sendable () -> Void] = [:]
    var next = 0
    var calls = 0
  }

  private let state: Mutex<State>

  /// - Parameter pluggedAt: when it was plugged in; `nil` for what cannot be plugged, or was there before.
  init(_ port: CameraPort, pluggedAt: ContinuousClock.Instant? = nil) {
    state = Mutex(State(port: port, pluggedAt: pluggedAt))
  }

  /// Where the camera is; `nil` while it is away.
  var port: CameraPort? { state.withLock { $0.port } }

  /// When the camera was plugged in that was not ready since; `nil` if there is none.
  var pluggedAt: ContinuousClock.Instant? { state.withLock { $0.pluggedAt } }

  /// The USB socket by which its camera is called if it has no serial number; `nil` where nobody told.
  var socket: String? { state.withLock { $0.socket } }

  /// Its camera was in this socket first.
  func settle(in socket: String) { state.withLock { $0.socket = socket } }

  /// The camera is ready: what comes now is no plugging in.
  func settle() { state.withLock { $0.pluggedAt = nil } }

  func plug(_ port: CameraPort, at time: ContinuousClock.Instant) { move(port, time) }

  func unplug() { move(nil, nil) }

  /// How often the camera was moved, or was to be tried again at once.
  var calls: Int { state.withLock { $0.calls } }

  /// Whoever waits to try again tries now.
  func retry() {
    let listeners = state.withLock { state in
      state.calls += 1
      return Array(state.listeners.values)
    }
    for listener in listeners { listener() }
  }

  private func move(_ port: CameraPort?, _ time: ContinuousClock.Instant?) {
    let listeners = state.withLock { state in
      state.port = port
      state.pluggedAt = time
      state.calls += 1
      return Array(state.listeners.values)
    }
    for listener in listeners { listener() }
  }

  /// Calls back whenever the camera was moved.
  /// - Returns: what `forget` wants.
  func listen(_ listener: @escaping @Sendable () -> Void) -> Int {
    state.withLock { state in
      state.next += 1
      state.listeners[state.next] = listener
      return state.next
    }
  }

  func forget(_ number: Int) {
    state.withLock { _ = $0.listeners.removeValue(forKey: number) }
  }

  /// Waits until the camera is there.
  /// - Returns: where; `nil` if the stop was requested, or the task cancelled, before.
  func camera(until stop: StopSignal) async -> CameraPort? {
    let (ticks, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let moved = listen { continuation.yield() }
    let stopped = stop.listen { continuation.finish() }
    defer {
      forget(moved)
      stop.forget(stopped)
    }
    continuation.yield()
    for await _ in ticks {
      if let port { return port }
    }
    return nil
  }
}
