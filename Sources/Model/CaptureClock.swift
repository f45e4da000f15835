public import Foundation

/// By which clock a frame's capture time was written, and how that is corrected.
///
/// Both figures are kept with the frame, so that looking at the original again gives the same time, wherever and
/// whenever that is done.
public struct CaptureClock: Hashable, Sendable {
  /// How many seconds the camera's clock showed more than this machine's, digit by digit, whatever zones they are set
  /// to; `nil` where nobody knows.
  public var offset: Int?
  /// The machine's zone when the frame was taken, `Europe/Berlin`.
  public var zone: String

  public init(offset: Int?, zone: String = TimeZone.current.identifier) {
    self.offset = offset
    self.zone = zone
  }

  /// A capture time as it should have been written.
  ///
  /// With a known offset the camera's digits, less the offset, are the time of the machine's zone: a zone that the
  /// camera wrote beside them (EXIF's OffsetTimeOriginal) is set even less often than its clock, and is not looked at.
  /// Without one, a time that has a zone is as it is, and one that has none is taken for the machine's zone's.
  /// - Parameter capturedAt: as `PictureFacts.capturedAt`.
  /// - Returns: the same form, always with a zone; the text itself if it is no such time.
  public func corrected(_ capturedAt: String) -> String {
    guard let moment = WrittenTime(capturedAt), let zone = TimeZone(identifier: zone) else {
      return capturedAt
    }
    if offset == nil, moment.hasZone { return capturedAt }
    let seconds = moment.seconds - Int64(offset ?? 0)
    return WrittenTime.text(seconds: seconds, fraction: moment.fraction, in: zone)
  }
}

/// `2026-11-23T14:03:07.250+08:00`, taken apart.
private struct WrittenTime {
  /// The digits as if they were UTC, in seconds since 1970.
  let seconds: Int64
  /// `.250`, or nothing.
  let fraction: Substring
  let hasZone: Bool

  init?(_ text: String) {
    let digits = text.prefix(19).split { "-T:".contains($0) }.compactMap { Int($0) }
    guard digits.count == 6,
      let date = Self.calendar(.gmt).date(
        from: DateComponents(
          year: digits[0], month: digits[1], day: digits[2], hour: digits[3], minute: digits[4],
          second: digits[5]))
    else { return nil }
    seconds = Int64(date.timeIntervalSince1970)
    let rest = text.dropFirst(19)
    fraction = rest.first == "." ? rest.prefix { $0 == "." || $0.isNumber } : ""
    hasZone = rest.count > fraction.count
  }

  /// Digits that a clock in `zone` shows, with that zone.
  static func text(seconds: Int64, fraction: Substring, in zone: TimeZone) -> String {
    let date = Date(timeIntervalSince1970: Double(seconds))
    // The zone's offset depends on the moment, and the moment on the offset: the second look settles it, but for the
    // hour that a zone shows twice or not at all.
    let guess = zone.secondsFromGMT(for: date)
    let offset = zone.secondsFromGMT(for: date - Double(guess))
    let parts = calendar(.gmt).dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    func padded(_ number: Int?, _ width: Int = 2) -> String {
      let digits = String(number ?? 0)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(parts.year, 4))-\(padded(parts.month))-\(padded(parts.day))"
      + "T\(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second))\(fraction)"
      + "\(offset < 0 ? "-" : "+")\(padded(abs(offset) / 3600)):\(padded(abs(offset) / 60 % 60))"
  }

  private static func calendar(_ zone: TimeZone) -> Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    return calendar
  }
}
