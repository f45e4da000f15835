import Curl
import Foundation
import Testing

@testable import Delivery

@Suite("What an S3 store's answer means")
struct S3AnswerTests {
  private func answer(_ status: Int, _ code: String?, _ more: [(String, String)] = []) -> S3Answer {
    let body = code.map { "<Error><Code>\($0)</Code><Message>Because.</Message></Error>" } ?? ""
    let fields = more.map { HeaderFields.Field(name: $0.0, value: $0.1) }
    return S3Answer(
      Response(status: status, headers: HeaderFields(fields), body: Array(body.utf8)), now: Date())
  }

  @Test(
    "Each of these, and whether it passes by itself",
    arguments: [
      (503, "SlowDown", DeliveryReason.Code.busy), (503, "ServiceUnavailable", .busy),
      (429, "TooManyRequests", .busy),
      (500, "InternalError", .failing), (200, "InternalError", .failing),
      (403, "RequestTimeTooSkewed", .failing),
      (403, "AccessDenied", .notAllowed), (403, "SignatureDoesNotMatch", .notAllowed),
      (403, "InvalidAccessKeyId", .notAllowed), (404, "NoSuchBucket", .noSuchAlbum),
      (404, "NoSuchUpload", .forgotten), (409, "ConditionalRequestConflict", .conflict),
      (409, "OperationAborted", .conflict), (400, "InvalidPart", .conflict), (400, "BadDigest", .corrupted),
      (400, "XAmzContentSHA256Mismatch", .corrupted), (400, "EntityTooLarge", .tooLarge),
      (400, "RequestTimeout", .offline), (507, "InsufficientStorage", .noRoom),
      (403, "QuotaExceeded", .noRoom),
      (400, "InvalidRequest", .refused), (501, "NotImplemented", .refused),
    ])
  func codes(status: Int, code: String, expected: DeliveryReason.Code) {
    let reason = answer(status, code).failure
    #expect(reason.code == expected)
    #expect(reason.text.contains("\(status) \(code): Because"))
    #expect(!answer(status, code).isSuccess)
  }

  @Test("An answer with nothing of S3 in it is somebody else's, whatever its status: nothing is parked")
  func strangers() {
    let page = ("Content-Type", "text/html; charset=utf-8")
    for status in [301, 302, 400, 401, 403, 404, 407, 500, 503] {
      let reason = answer(status, nil, [page]).failure
      #expect(reason.code == .intercepted && !reason.needsPerson, "\(status)")
    }
    #expect(answer(200, nil).failure.code == .intercepted)
    // What only a network that wants a log-in page says.
    for (status, more) in [
      (200, ("ETag", "\"1\"")), (511, page), (302, ("Location", "http://login.example/")),
    ] {
      let reason = answer(status, nil, [page, more]).failure
      #expect(reason.code == .loginPage && !reason.needsPerson, "\(status)")
      #expect(reason.text.contains("log-in page"))
    }
    let redirect = Response(
      status: 302, headers: HeaderFields([.init(name: "Location", value: "/elsewhere")]))
    let near = S3Answer(redirect, to: URL(string: "http://store.example/party/1"), now: Date())
    #expect(near.failure.code == .intercepted)
  }

  @Test("A 403 to HEAD has no body, and a store is known by its fields")
  func head() {
    #expect(answer(403, nil, [("x-amz-request-id", "1")]).failure.code == .notAllowed)
    #expect(answer(403, nil, [("X-Amzn-RequestId", "1")]).failure.code == .notAllowed)
    #expect(answer(200, nil, [("ETag", "\"1\"")]).speaksS3)
  }

  @Test("A Retry-After that is a date is counted from the store's own time")
  func retryDate() {
    let fields = [
      ("Date", "Mon, 23 Nov 2026 14:00:00 GMT"), ("Retry-After", "Mon, 23 Nov 2026 14:00:40 GMT"),
    ]
    #expect(answer(503, "SlowDown", fields).retryAfter == .seconds(40))
  }

  @Test("A store that makes an object of its parts gets the time for that, by the object's length")
  func patience() {
    let timeouts = Timeouts()
    #expect(timeouts.patient(forFileOf: 1).stall == .seconds(30))
    #expect(timeouts.patient(forFileOf: 2 << 30).stall == .seconds(132))
    #expect(timeouts.patient(forFileOf: 2 << 30).connect == timeouts.connect)
    #expect(Timeouts(stall: .seconds(600)).patient(forFileOf: 1).stall == .seconds(600))
  }

  @Test("Retry-After is taken, and a message cannot steer a terminal")
  func details() {
    #expect(answer(503, "SlowDown", [("Retry-After", "7")]).retryAfter == .seconds(7))
    let body = "<Error><Code>Odd</Code><Message>a\u{9B}b\nc</Message></Error>"
    let odd = S3Answer(Response(status: 400, body: Array(body.utf8)), now: Date())
    #expect(odd.message == "ab c")
  }

  @Test("Parts: 5 MiB at least, ten thousand at most, and every byte in exactly one")
  func parts() {
    for length: Int64 in [
      8 << 20 + 1, 5 << 20, (5 << 20) + 1, 60_000_000, 2_000_000_000, 5_000_000_000_000,
    ] {
      let parts = S3Parts(length: length)
      #expect(parts.partBytes >= 5 << 20 && parts.count <= 10_000)
      #expect(parts.range(of: 1).lowerBound == 0 && parts.range(of: parts.count).upperBound == length)
      if parts.count > 1 { #expect(parts.range(of: 2).lowerBound == parts.range(of: 1).upperBound) }
    }
  }

  @Test("Of the parts that a store lists only those count that are as long as they should be")
  func listed() {
    let parts = S3Parts(length: 12 << 20, partBytes: 5 << 20)
    let tags = parts.tags(of: [
      .init(number: 1, tag: "a", bytes: 5 << 20), .init(number: 2, tag: "b", bytes: 4 << 20),
      .init(number: 3, tag: "c", bytes: 2 << 20), .init(number: 4, tag: "d", bytes: 5 << 20),
      .init(number: 0, tag: "e", bytes: 5 << 20),
    ])
    #expect(tags == [1: "a", 3: "c"])
  }

  @Test("Addresses: by path, by virtual host, of AWS by region")
  func addresses() throws {
    let key = "a b/ü+.jpg"
    func location(_ bucket: String, _ endpoint: String?, _ style: S3Location.Style? = nil) throws
      -> S3Location
    {
      try S3Location(
        bucket: bucket, endpoint: try endpoint.map { try #require(URL(string: $0)) }, region: "eu-central-1",
        style: style)
    }
    func url(_ bucket: String, _ endpoint: String?, _ style: S3Location.Style? = nil) throws -> String {
      try location(bucket, endpoint, style).url(of: key).absoluteString
    }
    let path = "a%20b/%C3%BC%2B.jpg"
    #expect(try url("party", nil) == "https://party.s3.eu-central-1.amazonaws.com/\(path)")
    #expect(try url("my.party", nil) == "https://s3.eu-central-1.amazonaws.com/my.party/\(path)")
    #expect(try url("party", "http://127.0.0.1:8333/") == "http://127.0.0.1:8333/party/\(path)")
    #expect(try url("party", "https://[::1]:443/s3") == "https://[::1]/s3/party/\(path)")
    #expect(
      try url("party", "https://oss-cn-beijing.aliyuncs.com")
        == "https://party.oss-cn-beijing.aliyuncs.com/\(path)")
    #expect(try url("party", "https://S3.Example", .virtualHost) == "https://party.s3.example/\(path)")
    var moved = try location("party", nil)
    let corrections = ["us-west-2", "evil.example/", "us-west-2"].map { moved.correct(region: $0) }
    #expect(corrections == [true, false, false])
    #expect(moved.authority == "party.s3.us-west-2.amazonaws.com")
    for (bucket, endpoint) in [
      ("a/b", "http://h"), ("..", "http://h"), ("", "http://h"), ("b", "ftp://h"),
      ("b", "http://user:word@h"), ("b", "http://h/?x=1"),
    ] {
      #expect(throws: S3Location.Invalid.self) { try location(bucket, endpoint) }
    }
    #expect(throws: S3Location.Invalid.self, "no name stands before an address") {
      try location("party", "http://[::1]:9000", .virtualHost)
    }
  }
}
