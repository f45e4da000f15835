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

/// A small seeded generator (SplitMix64): jitter needs to differ between processes, and to be the same in a test.
struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
