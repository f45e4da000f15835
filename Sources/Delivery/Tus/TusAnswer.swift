import Curl
import Foundation

/// What of an HTTP response matters to tus 1.0.
struct TusAnswer: Hashable, Sendable {
  var status: Int
  /// Whether it carries `Tus-Resumable: 1.0.0`. Without it a success is none: a captive portal answers 200 to anything.
  var speaksTus: Bool
  /// `Upload-Offset`.
  var offset: Int64?
  /// `Upload-Length`.
  var length: Int64?
  /// `Location`, as it came.
  var location: String?
  /// `Retry-After`, from now; at most an hour, so that a clock gone wrong cannot stop an event.
  var retryAfter: Duration?

  init(
    status: Int, speaksTus: Bool = true, offset: Int64? = nil, length: Int64? = nil, location: String? = nil,
    retryAfter: Duration? = nil
  ) {
    self.status = status
    self.speaksTus = speaksTus
    self.offset = offset
    self.length = length
    self.location = location
    self.retryAfter = retryAfter
  }

  init(_ response: Response, now: Date) {
    let headers = response.headers
    self.init(
      status: response.status,
      speaksTus: headers.values("Tus-Resumable").contains("1.0.0"),
      offset: headers["Upload-Offset"].flatMap(Self.count),
      length: headers["Upload-Length"].flatMap(Self.count),
      location: headers["Location"].flatMap { $0.isEmpty ? nil : $0 },
      retryAfter: headers["Retry-After"].flatMap { Self.wait($0, now: now) })
  }

  /// Digits only, as the grammar of tus has it: no sign, no white space.
  private static func count(_ text: String) -> Int64? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
  }

  /// Seconds or an HTTP date (RFC 9110, 10.2.3).
  static func wait(_ text: String, now: Date) -> Duration? {
    let longest = 3600.0
    if let seconds = count(text) { return .seconds(min(Double(seconds), longest)) }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    guard let date = formatter.date(from: text) else { return nil }
    return .seconds(min(max(0, date.timeIntervalSince(now)), longest))
  }
}
