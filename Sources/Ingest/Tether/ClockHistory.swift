import Foundation
import Journal

/// What a camera's clock was seen to be ahead, over time: photographers set it, batteries run out, zones change. A pure
/// value.
struct ClockHistory {
  /// Two readings that differ by less are the same clock: its seconds have no fraction, and it drifts.
  static let tolerance = 2
  /// How far a frame's time may lie from where it should be.
  private static let slack: TimeInterval = 3

  private(set) var spans: [ClockSpan]

  /// - Parameter spans: what the journal knows, oldest first.
  init(_ spans: [ClockSpan] = []) {
    self.spans = spans
  }

  /// What the clock is ahead now, as far as is known.
  var offset: Int? { spans.last?.offset }

  /// Takes a reading.
  /// - Returns: the span that it begins or makes longer, to be written down; and whether the clock is another than before.
  mutating func note(_ offset: Int, at time: Date) -> (span: ClockSpan, isNew: Bool) {
    if let last = spans.last, abs(last.offset - offset) < Self.tolerance, time >= last.since {
      spans[spans.count - 1].until = max(last.until, time)
      return (spans[spans.count - 1], false)
    }
    let span = ClockSpan(since: time, until: time, offset: abs(offset) < Self.tolerance ? 0 : offset)
    // A machine whose own clock was set back knows nothing of the future.
    spans.removeAll { $0.since >= time }
    spans.append(span)
    return (span, true)
  }

  /// What the clock was ahead when it gave a frame its time.
  ///
  /// The frame was shot within a span, or between two: then the clock was set somewhere between them, before or after
  /// the frame. Only the offset under which the frame lies where that offset can have been true is possible; of several
  /// the latest.
  /// - Parameters:
  ///   - shown: the camera's digits as if they were UTC, in seconds since 1970.
  ///   - zone: the machine's zone.
  func offset(shown: Int64, now: Date, zone: TimeZone = .current) -> Int? {
    var possible: Int?
    for (index, span) in spans.enumerated().reversed() {
      let wall = Date(timeIntervalSince1970: Double(shown - Int64(span.offset)))
      let time = wall - Double(zone.secondsFromGMT(for: wall))
      let isLast = index == spans.count - 1
      let end = isLast ? now : span.until
      if (span.since - Self.slack...max(span.since, end) + Self.slack).contains(time) { return span.offset }
      let isAfterTheOneBefore = index == 0 || time >= spans[index - 1].until - Self.slack
      let isBeforeTheNext = time <= (isLast ? now : spans[index + 1].since) + Self.slack
      if possible == nil, isAfterTheOneBefore, isBeforeTheNext { possible = span.offset }
    }
    return possible ?? offset
  }
}
