import Foundation
import Model

/// How long a destination that failed is left alone.
struct Rest: Sendable {
  private let backoff: Backoff
  private var generator: SplitMix
  private var failures = 0
  /// The end of the rest; `nil` if there is none.
  private(set) var until: Date?
  private var began = Date.distantPast

  init(backoff: Backoff, seed: UInt64) {
    self.backoff = backoff
    generator = SplitMix(seed: seed)
  }

  /// Whether the last thing heard of the destination is a failure.
  var isProbing: Bool { failures > 0 }

  func isResting(at now: Date) -> Bool {
    // A clock that was set back since ends the rest: it would last until that time comes again.
    until.map { began <= now && now < $0 } ?? false
  }

  func remaining(at now: Date) -> Duration {
    until.map { .seconds(max(0, $0.timeIntervalSince(now))) } ?? .zero
  }

  /// Begins a rest, longer with every failure in a row, and never shorter than what the destination asked for.
  mutating func failed(at now: Date, atLeast retryAfter: Duration?) -> Duration {
    failures += 1
    let delay = delay(afterFailures: failures, atLeast: retryAfter)
    began = now
    until = now.addingTimeInterval(delay / .seconds(1))
    return delay
  }

  /// Takes that something succeeded. What was under way when a rest began does not end it: a `Retry-After` is obeyed.
  mutating func succeeded(at now: Date) {
    guard !isResting(at: now) else { return }
    failures = 0
    until = nil
  }

  /// Ends the rest; what was learnt of the failures stays until something succeeds.
  mutating func end() {
    until = nil
  }

  /// A wait with jitter for something that failed this many times.
  mutating func delay(afterFailures failures: Int, atLeast retryAfter: Duration?) -> Duration {
    let delay = backoff.delay(afterFailures: failures, using: &generator)
    // Jitter on top of what was asked for: everybody else was asked for the same.
    guard let retryAfter else { return delay }
    return retryAfter + min(delay, .seconds(1))
  }
}

extension Date {
  init(adding duration: Duration) {
    self.init(timeIntervalSinceNow: duration / .seconds(1))
  }
}
