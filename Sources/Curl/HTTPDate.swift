public import Foundation

/// Dates as HTTP writes them (RFC 9110, 5.6.7).
public enum HTTPDate {
  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`; the two forms that the RFC calls obsolete are not read.
  public static func parse(_ text: String) -> Date? {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return formatter.date(from: text)
  }
}
