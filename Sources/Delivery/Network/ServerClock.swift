import Curl
import Foundation
import Synchronization

/// How far this machine's clock is from the servers', as their `Date` fields say.
///
/// A wrong clock makes good certificates look expired and gives frames wrong times. It is told once, and named when a certificate
/// is refused.
final class ServerClock: Sendable {
  /// Less is nobody's concern: `Date` has whole seconds, and answers take time.
  static let tolerance: TimeInterval = 120

  private struct State {
    var skew: TimeInterval?
    var isTold = false
  }
  private let state = Mutex(State())
  private let tell: @Sendable (TimeInterval) -> Void

  /// - Parameter tell: called once, with the seconds by which this machine is ahead; negative is behind.
  init(tell: @escaping @Sendable (TimeInterval) -> Void) {
    self.tell = tell
  }

  /// Takes what a server says of the time, if it says it.
  func take(_ response: Response, now: Date = Date()) {
    guard let date = response.date else { return }
    let skew = now.timeIntervalSince(date)
    let mustTell = state.withLock { state in
      state.skew = skew
      guard abs(skew) > Self.tolerance, !state.isTold else { return false }
      state.isTold = true
      return true
    }
    if mustTell { tell(skew) }
  }

  /// Seconds by which this machine is ahead of the last server that said a time, if that is too much.
  var error: TimeInterval? {
    state.withLock { $0.skew.flatMap { abs($0) > Self.tolerance ? $0 : nil } }
  }

  /// `3 hours ahead`
  static func words(for skew: TimeInterval) -> String {
    let size = abs(skew)
    let (count, unit) =
      switch size {
      case ..<7200: (Int(size / 60), "minutes")
      case ..<172_800: (Int(size / 3600), "hours")
      default: (Int(size / 86_400), "days")
      }
    return "\(count) \(unit) \(skew > 0 ? "ahead" : "behind")"
  }
}
