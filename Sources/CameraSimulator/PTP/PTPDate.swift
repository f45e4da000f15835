public import Foundation

/// PTP's date strings: `YYYYMMDDThhmmss`, here without tenths and without a zone, in the camera's local time
/// (PIMA 15740:2000, clause 5.3.5).
public enum PTPDate {
  public static func text(_ date: Date, in zone: TimeZone) -> String {
    fields(date, in: zone, "%04d%02d%02dT%02d%02d%02d")
  }

  /// The same moment as EXIF writes it: `YYYY:MM:DD hh:mm:ss`.
  static func exif(_ date: Date, in zone: TimeZone) -> String {
    fields(date, in: zone, "%04d:%02d:%02d %02d:%02d:%02d")
  }

  /// The zone's offset as EXIF 2.31's OffsetTime writes it: `+08:00`.
  static func offset(_ date: Date, in zone: TimeZone) -> String {
    let seconds = zone.secondsFromGMT(for: date)
    return String(
      format: "%@%02d:%02d", seconds < 0 ? "-" : "+", abs(seconds) / 3600, abs(seconds) / 60 % 60)
  }

  /// Reads a date string; what follows the seconds is ignored.
  public static func date(_ text: String, in zone: TimeZone) -> Date? {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "T") }.prefix(14)
    guard digits.count == 14, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else {
      return nil
    }
    func number(_ range: Range<Int>) -> Int {
      digits[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    return calendar.date(
      from: DateComponents(
        year: number(0..<4), month: number(4..<6), day: number(6..<8), hour: number(8..<10),
        minute: number(10..<12), second: number(12..<14)))
  }

  private static func fields(_ date: Date, in zone: TimeZone, _ format: String) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    return String(
      format: format, parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0, parts.minute ?? 0,
      parts.second ?? 0)
  }
}
