import Curl
import Foundation
import Model

/// What an object says of itself to those who fetch it.
struct ObjectHeaders: Hashable, Sendable {
  var contentType: String
  var cacheControl: String
  var contentDisposition: String?

  /// For what is named by its content.
  static let immutable = "public, max-age=31536000, immutable"

  var fields: [HeaderFields.Field] {
    var fields = [
      HeaderFields.Field(name: "Content-Type", value: contentType),
      HeaderFields.Field(name: "Cache-Control", value: cacheControl),
    ]
    if let contentDisposition {
      fields.append(.init(name: "Content-Disposition", value: contentDisposition))
    }
    return fields
  }
}

/// On what condition an object is written (RFC 9110, 13.1).
enum WriteCondition: Hashable, Sendable {
  case none
  /// Only if there is no such object.
  case absent
  /// Only if it still has this tag.
  case unchanged(tag: String)

  var fields: [HeaderFields.Field] {
    switch self {
    case .none: []
    case .absent: [.init(name: "If-None-Match", value: "*")]
    case .unchanged(let tag): [.init(name: "If-Match", value: tag)]
    }
  }
}

extension S3Client {
  /// Whether an object is there.
  enum Presence: Hashable, Sendable {
    case there(bytes: Int64?, tag: String?)
    case absent
  }

  /// Writes a small object. A store that knows no conditions (501) is asked again without.
  func put(
    _ bytes: [UInt8], at key: String, headers: ObjectHeaders, condition: WriteCondition = .none
  ) async throws(CurlError) -> S3Answer {
    try await put(
      S3Request(
        method: .put, key: key, headers: headers.fields, body: .bytes(bytes), payload: ContentHash(of: bytes)),
      condition)
  }

  /// Writes an object in one request.
  func put(_ request: S3Request, _ condition: WriteCondition) async throws(CurlError) -> S3Answer {
    var conditional = request
    if mindsConditions { conditional.headers += condition.fields }
    let answer = try await send(conditional)
    // Only a store's word counts: conditions are what keeps two laptops from writing over each other.
    guard answer.status == 501, answer.speaksS3, condition != .none, mindsConditions else { return answer }
    forgetConditions()
    return try await send(request)
  }

  /// - Parameter limit: the most bytes of it that are taken.
  func get(_ key: String, limit: Int = 16 << 20) async throws(CurlError) -> S3Answer {
    try await send(S3Request(method: .get, key: key, maximumResponseBytes: limit))
  }

  /// Asks for an object's length and tag, and its checksum if the store keeps one.
  /// - Returns: `nil` where the answer says neither that it is there nor that it is not.
  func head(_ key: String) async throws(CurlError) -> (presence: Presence?, answer: S3Answer) {
    let answer = try await send(
      S3Request(method: .head, key: key, headers: [.init(name: "x-amz-checksum-mode", value: "ENABLED")]))
    // A HEAD's error has no body, and so 404 is believed from whoever says it: at worst the object is sent again.
    let presence: Presence? =
      switch answer.status {
      case 200 where answer.speaksS3: .there(bytes: answer.length, tag: answer.tag)
      case 404: .absent
      default: nil
      }
    return (presence, answer)
  }

  /// The names right below a prefix that ends in a slash, or of the whole bucket: at most 1000 (ListObjectsV2).
  func folders(below prefix: String) async throws(CurlError) -> (names: [String], answer: S3Answer) {
    let answer = try await send(
      S3Request(
        method: .get, key: "",
        query: [("list-type", "2"), ("prefix", prefix), ("delimiter", "/"), ("max-keys", "1000")],
        maximumResponseBytes: 1 << 20))
    let names =
      answer.isSuccess ? S3Document(answer.body)?.all("CommonPrefixes").compactMap { $0["Prefix"] } : []
    return (names ?? [], answer)
  }
}
