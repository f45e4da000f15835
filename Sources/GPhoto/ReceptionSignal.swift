import Synchronization

/// Tells that a camera is sending something long, while a call of libgphoto2 has the thread: an object can be one call of
/// many minutes, and the drivers have progress functions for a part of such calls only.
///
/// What the drivers read passes through `gp_log_data` in pieces of what one `read` brings. An answer to a short question
/// does not count, so that a driver that asks for ever is not taken for one that gets on.
public final class ReceptionSignal: Sendable {
  private struct State {
    var tell: (@Sendable () -> Void)?
    var lastTold: ContinuousClock.Instant?
  }

  /// Fed by the library. What it reads concerns one camera: a program with several gives each a process of its own.
  public static let shared = ReceptionSignal()

  /// The least that is read at once of something long, in bytes: more than a response or an event has.
  static let leastPiece = 256
  /// How often it is told at most.
  static let interval = Duration.milliseconds(500)

  private let state = Mutex(State())

  init() {}

  /// Sets who is told, twice a second at most, on the thread that is inside the library.
  public func listen(_ tell: @escaping @Sendable () -> Void) {
    state.withLock { $0 = State(tell: tell) }
  }

  /// So many bytes were read.
  func noteReading(_ bytes: Int, now: ContinuousClock.Instant = .now) {
    guard bytes >= Self.leastPiece else { return }
    let tell: (@Sendable () -> Void)? = state.withLock { state in
      guard let tell = state.tell, state.lastTold.map({ now - $0 >= Self.interval }) ?? true else {
        return nil
      }
      state.lastTold = now
      return tell
    }
    tell?()
  }
}
