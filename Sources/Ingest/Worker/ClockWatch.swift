import Foundation
import GPhoto

/// What a camera's clock showed at a moment of this machine's.
struct ClockReading: Hashable, Codable, Sendable {
  /// The camera's digits as if they were UTC, in seconds since 1970; the fraction of the second is not told.
  var shown: Int64
  /// Milliseconds since 1970, in the middle of the question.
  var at: Int64

  /// What a camera's time can be at all, in seconds since 1970: some 30,000 years to either side, far from where sums overflow.
  static let times: ClosedRange<Int64> = -1 << 40...1 << 40

  /// Whether it can be a time at all.
  var isPlausible: Bool { Self.times.contains(shown) && Self.times.contains(at / 1000) }

  /// How many seconds more the camera shows than a clock of this machine's zone, rounded.
  /// - Parameter zone: the zone's seconds east of Greenwich at that moment.
  func offset(zone: Int) -> Int {
    // Half a second for the fraction that is cut off.
    Int((Double(shown) + 0.5 - Double(at) / 1000 - Double(zone)).rounded())
  }
}

/// When a camera's clock is to be looked at, and which answers count. A pure value.
struct ClockWatch {
  /// How often it is looked at.
  static let interval: TimeInterval = 60
  /// An answer that took longer says nothing: it may have waited before or after the camera looked at its clock.
  private static let slowest: TimeInterval = 0.6
  /// A file that lies further from what its time should be casts doubt on what is known of the clock.
  private static let tolerance: Int64 = 5
  /// ptp2 remembers a property for two seconds: what is asked sooner is answered as before.
  private static let memory: TimeInterval = 2.5

  private var last: ClockReading?
  private var lastShown: ClockReading?
  private var askedAt: Date?
  private var setAt: Date?
  private var hasClock = true

  /// Whether it is time to look again.
  func isDue(now: Date) -> Bool {
    guard hasClock, let askedAt else { return hasClock }
    if let setAt { return abs(now.timeIntervalSince(setAt)) > Self.memory }
    return abs(now.timeIntervalSince(askedAt)) > Self.interval
  }

  /// Whether a file that was announced just now has a time that the clock, as far as it is known, could not have given:
  /// then somebody has set it.
  func isDoubtful(modified: Int64, now: Date) -> Bool {
    guard hasClock, modified > 0, let last, let askedAt,
      abs(now.timeIntervalSince(askedAt)) > Self.memory
    else {
      return false
    }
    let ahead = modified - Int64(now.timeIntervalSince1970)
    return abs(ahead - (last.shown - last.at / 1000)) > Self.tolerance
  }

  /// The camera has taken a time for its clock: that is what it shows now, and it is looked at again soon.
  mutating func set(_ shown: Int64, at time: Date) -> ClockReading {
    setAt = time
    let reading = ClockReading(shown: shown, at: Int64(time.timeIntervalSince1970 * 1000))
    last = reading
    lastShown = reading
    return reading
  }

  /// Takes an answer.
  /// - Returns: what is learnt from it; `nil` if it took too long, or is the same as before although time has passed
  ///   (ptp2 repeats what a Canon EOS body told when the session began).
  mutating func take(_ shown: Int64?, before: Date, after: Date) -> ClockReading? {
    askedAt = after
    setAt = nil
    guard let shown else {
      hasClock = false
      return nil
    }
    let middle = (before.timeIntervalSince1970 + after.timeIntervalSince1970) / 2
    let reading = ClockReading(shown: shown, at: Int64(middle * 1000))
    if let lastShown, lastShown.shown == shown, abs(reading.at - lastShown.at) > 2000 { return nil }
    lastShown = reading
    guard (0...Self.slowest).contains(after.timeIntervalSince(before)) else { return nil }
    last = reading
    return reading
  }
}
