import Curl
import Foundation

/// What of an HTTP response matters to tus 1.0.
struct TusAnswer: Hashable, Sendable {
  var status: Int
  /// Whether it carries `Tus-Resumable: 1.0.0`. Without it a success is none: a captive portal answers 200 to anything.
  var speaksTus: Bool
  /// Whether it is how a tus 1.0 server answers `OPTIONS`.
  var isIntroduction: Bool
  /// `Upload-Offset`.
  var offset: Int64?
  /// `Upload-Length`.
  var length: Int64?
  /// `Location`, as it came.
  var location: String?
  /// `Retry-After`, from now; at most an hour, so that a clock gone wrong cannot stop an event.
  var retryAfter: Duration?
  /// Whether it is a page for people to read, which no tus server answers with.
  var isPage: Bool
  /// What the server says in words, for the reason that a person reads; `nil` if it says nothing short.
  var detail: String?

  init(
    status: Int, speaksTus: Bool = true, isIntroduction: Bool = false, offset: Int64? = nil,
    length: Int64? = nil, location: String? = nil, retryAfter: Duration? = nil, isPage: Bool = false,
    detail: String? = nil
  ) {
    self.status = status
    self.speaksTus = speaksTus
    self.isIntroduction = isIntroduction
    self.offset = offset
    self.length = length
    self.location = location
    self.retryAfter = retryAfter
    self.isPage = isPage
    self.detail = detail
  }

  /// - Parameter now: for a `Retry-After` that is a date, where the answer does not say itself what time it is: a clock of
  ///   ours that is hours off must neither keep us waiting nor have us ask too early.
  init(_ response: Response, now: Date) {
    let headers = response.headers
    self.init(
      status: response.status,
      speaksTus: headers.values("Tus-Resumable").contains("1.0.0"),
      isIntroduction: TusFeatures(response) != nil,
      offset: headers["Upload-Offset"].flatMap(Self.count),
      length: headers["Upload-Length"].flatMap(Self.count),
      location: headers["Location"].flatMap { $0.isEmpty ? nil : $0 },
      retryAfter: headers["Retry-After"].flatMap { Self.wait($0, now: response.date ?? now) },
      isPage: response.headers["Content-Type"]?.lowercased().hasPrefix("text/html") ?? false,
      detail: response.status < 400 ? nil : Self.detail(response))
  }

  /// Digits only, as the grammar of tus has it: no sign, no white space.
  private static func count(_ text: String) -> Int64? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int64(text) : nil
  }

  /// The `detail` of a problem document (RFC 9457), or a body of plain text.
  private static func detail(_ response: Response) -> String? {
    let type = response.headers["Content-Type"]?.lowercased() ?? ""
    var text: String?
    if type.contains("json") {
      let problem = ServerWords.Problem(response)
      text = problem?.detail ?? problem?.title
    } else if type.hasPrefix("text/plain") {
      text = String(decoding: response.body, as: UTF8.self)
    }
    return text.flatMap(ServerWords.line)
  }

  /// Seconds or an HTTP date (RFC 9110, 10.2.3).
  static func wait(_ text: String, now: Date) -> Duration? {
    let longest = 3600.0
    if let seconds = count(text) { return .seconds(min(Double(seconds), longest)) }
    guard let date = HTTPDate.parse(text) else { return nil }
    return .seconds(min(max(0, date.timeIntervalSince(now)), longest))
  }
}
