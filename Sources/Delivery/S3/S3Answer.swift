import Curl
import Foundation
import Model

/// What of an HTTP response matters to S3.
struct S3Answer: Sendable {
  var status: Int
  var headers: HeaderFields
  var body: [UInt8]
  /// The error's code in its `<Error>` document, `SlowDown` say.
  var code: String?
  /// The error's words for a person, on one line.
  var message: String?
  /// The region that the store says is the right one.
  var region: String?
  /// Whether an S3-compatible store says this, as far as can be told: a captive portal answers 200 to anything.
  var speaksS3: Bool
  /// `Retry-After`, from now; at most an hour.
  var retryAfter: Duration?
  /// The time at the store.
  var date: Date?
  /// The address that was asked for.
  private var asked: URL?
  /// Whether it is a page for people to read.
  private var isPage: Bool

  /// - Parameters:
  ///   - asked: the address that was asked for, if a redirect to another host is to be told apart.
  ///   - now: as `TusAnswer` has it.
  init(_ response: Response, to asked: URL? = nil, now: Date) {
    self.asked = asked
    status = response.status
    headers = response.headers
    body = response.body
    date = response.date
    let serversNow = response.date ?? now
    retryAfter = headers["Retry-After"].flatMap { TusAnswer.wait($0, now: serversNow) }
    region = headers["x-amz-bucket-region"]
    let fields = response.headers
    isPage = fields["Content-Type"]?.lowercased().hasPrefix("text/html") ?? false
    // A log-in page has a tag too.
    speaksS3 =
      Self.marks.contains { fields[$0] != nil } || (!isPage && fields["ETag"]?.hasPrefix("\"") == true)
    // CompleteMultipartUpload can fail with 200 and an error in the body: every body that may be one is looked at.
    if body.count <= Self.longestError, body.first == UInt8(ascii: "<"), let root = S3Document(body),
      root.name == "Error", let code = root["Code"]
    {
      self.code = code
      message = root["Message"].flatMap(ServerWords.line)
      region = region ?? root["Region"]
      speaksS3 = true
    }
  }

  private static let longestError = 64 << 10

  /// Fields that stores send with every answer: AWS and most, moto, Aliyun, R2.
  private static let marks = [
    "x-amz-request-id", "x-amz-id-2", "x-amzn-requestid", "x-oss-request-id", "cf-r2-request-id",
  ]

  var isSuccess: Bool { (200..<300).contains(status) && code == nil }

  /// The object's tag, as it came, quotes and all.
  var tag: String? { headers["ETag"].flatMap { $0.isEmpty ? nil : $0 } }

  /// The SHA-256 of the object that HEAD asked for, where the store keeps one of the whole object; that of an upload
  /// in parts may be one of checksums.
  var sha256: ContentHash? {
    guard headers["x-amz-checksum-type"]?.uppercased() != "COMPOSITE",
      let text = headers["x-amz-checksum-sha256"], let bytes = Data(base64Encoded: text)
    else { return nil }
    return ContentHash(bytes: bytes)
  }

  /// The length of the object that HEAD asked for.
  var length: Int64? { headers["Content-Length"].flatMap { Int64($0) } }
}

// MARK: What a failure means

extension S3Answer {
  /// Why a request that this answers did not do what it should.
  var failure: DeliveryReason {
    guard speaksS3 else {
      return status == 407
        ? DeliveryReason(.intercepted, "A proxy asks for a password (407).")
        : .intercepted(
          insteadOf: "S3 store", status: status, isPage: isPage, location: headers["Location"], asked: asked)
    }
    return DeliveryReason(kind, "\(words) (\(said)).")
  }

  private var kind: DeliveryReason.Code {
    switch code {
    case "NoSuchBucket": .noSuchAlbum
    case "RequestTimeTooSkewed", "RequestExpired", "InternalError", "RestoreAlreadyInProgress": .failing
    case "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "TooManyRequests",
      "RequestLimitExceeded", "ServerBusy", "ReducedRateExceeded":
      .busy
    case "RequestTimeout", "IncompleteBody": .offline
    case "BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest", "ContentSHA256Mismatch": .corrupted
    case "EntityTooLarge": .tooLarge
    case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "StorageFull": .noRoom
    case "ConditionalRequestConflict", "OperationAborted", "PreconditionFailed", "InvalidPart",
      "InvalidPartOrder", "EntityTooSmall":
      .conflict
    case "NoSuchUpload": .forgotten
    default: kindOfStatus
    }
  }

  private var kindOfStatus: DeliveryReason.Code {
    switch status {
    case 401, 403: .notAllowed
    case 408, 425, 429, 503: .busy
    case 413: .tooLarge
    case 507: .noRoom
    case 501: .refused
    case 300..<400, 511: .intercepted
    // 200 with an error that has no name here.
    case 200..<300, 500...: .failing
    default: .refused
    }
  }

  private var words: String {
    switch kind {
    case .noSuchAlbum: "There is no such bucket"
    case .notAllowed: "The store does not accept the keys for this"
    case .busy: "The store asks for patience"
    case .noRoom: "The store is full"
    case .tooLarge: "The store takes no file as large as this"
    case .corrupted: "What arrived is not what was sent"
    case .failing: "The store fails"
    case .conflict: "The store had another request for the same object at once"
    default: "The store refuses"
    }
  }

  private var said: String {
    "\(status)" + (code.map { " \($0.prefix(60))" } ?? "")
      + (message.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0)" } ?? "")
  }
}
