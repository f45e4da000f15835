/// How long to wait before the next try: exponential with full jitter, so that many clients of one server that
/// came back do not meet there at once ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
struct Backoff: Hashable, Sendable {
  /// The longest first wait.
  var base: Duration
  /// The longest wait of all.
  var cap: Duration

  /// - Parameter failures: failures in a row, 1 or more.
  /// - Returns: between nothing and `base` · 2^(failures − 1), at most `cap`.
  func delay(afterFailures failures: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    var ceiling = base
    for _ in 1..<max(2, min(failures, 62)) where failures > 1 && ceiling < cap { ceiling *= 2 }
    return min(ceiling, cap) * Double.random(in: 0...1, using: &generator)
  }
}
