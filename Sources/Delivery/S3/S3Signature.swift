import Crypto
import Curl
import Foundation

/// AWS Signature Version 4 with the signature in the `Authorization` field ("Authenticating Requests: Using the
/// Authorization Header", Amazon S3 API reference). A value and pure functions: the clock and the socket are others'.
///
/// libcurl 7.88 can sign by itself, but leaves `x-amz-content-sha256` out, without which AWS and R2 refuse.
struct S3Signature: Hashable, Sendable {
  let credentials: S3Credentials
  let region: String
  var service = "s3"

  /// A request as far as it is signed.
  struct Subject: Sendable {
    var method: String
    /// `host[:port]`, as the `Host` field will have it.
    var authority: String
    /// The path, percent-encoded once, as it goes on the wire.
    var path: String
    /// Names and values before any encoding.
    var query: [(name: String, value: String)] = []
    /// The fields that are signed besides `host`, `x-amz-date` and the token.
    var headers: [HeaderFields.Field] = []
    /// The body's SHA-256 in lower-case hexadecimal.
    var payload: String
  }

  /// The fields to send with a request: its date, the token if there is one, and the signature.
  func fields(for subject: Subject, at date: Date) -> [HeaderFields.Field] {
    let time = Self.time(date)
    var added = [HeaderFields.Field(name: "x-amz-date", value: time)]
    if let token = credentials.sessionToken {
      added.append(.init(name: "x-amz-security-token", value: token))
    }
    var signed = subject
    signed.headers += added
    let (canonical, names) = Self.canonical(signed)
    let scope = "\(time.prefix(8))/\(region)/\(service)/aws4_request"
    let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Self.hex(SHA256.hash(data: Data(canonical.utf8))))"
    let signature = Self.hex(Self.code(text, key: key(day: String(time.prefix(8)))))
    added.append(
      .init(
        name: "Authorization",
        value:
          "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), "
          + "Signature=\(signature)"))
    return added
  }

  /// The canonical request and the names of its signed fields.
  static func canonical(_ subject: Subject) -> (request: String, signedHeaders: String) {
    var values: [String: [String]] = ["host": [subject.authority]]
    for field in subject.headers {
      // Runs of white space count as one; values of one name go together in the order they are sent.
      let value = field.value.split(separator: " ").joined(separator: " ")
      values[field.name.lowercased(), default: []].append(value)
    }
    let names = values.keys.sorted()
    let headers = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
    let signedHeaders = names.joined(separator: ";")
    let request = [
      subject.method, subject.path, query(subject.query), headers, signedHeaders, subject.payload,
    ].joined(separator: "\n")
    return (request, signedHeaders)
  }

  /// A query in canonical form, which is also how it is sent: encoded, then sorted by name and value.
  static func query(_ query: [(name: String, value: String)]) -> String {
    query.map { (encode($0.name), encode($0.value)) }
      .sorted {
        $0.0 == $1.0
          ? $0.1.utf8.lexicographicallyPrecedes($1.1.utf8) : $0.0.utf8.lexicographicallyPrecedes($1.0.utf8)
      }
      .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
  }

  /// Percent-encodes all but RFC 3986's unreserved characters.
  /// - Parameter keepsSlashes: for a path.
  static func encode(_ text: String, keepsSlashes: Bool = false) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      case UInt8(ascii: "/") where keepsSlashes:
        bytes.append(byte)
      default:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `20130524T000000Z`
  static func time(_ date: Date) -> String {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    return String(
      format: "%04d%02d%02dT%02d%02d%02dZ", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0,
      parts.hour ?? 0,
      parts.minute ?? 0, parts.second ?? 0)
  }

  private func key(day: String) -> SymmetricKey {
    var key = SymmetricKey(data: Data("AWS4\(credentials.secretAccessKey)".utf8))
    for part in [day, region, service, "aws4_request"] { key = SymmetricKey(data: Self.code(part, key: key)) }
    return key
  }

  private static func code(_ text: String, key: SymmetricKey) -> HMAC<SHA256>.MAC {
    HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
  }
}
