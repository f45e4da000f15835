import Curl
import Foundation
import Journal
import Model
import Synchronization
import TestServers
import Testing

@testable import Delivery

@Suite("Who answers in a bucket's place, and when")
struct StrangerTests {
  private let album = "s3://party/event"

  private func location(_ port: UInt16) throws -> S3Location {
    try S3Location(
      bucket: "party", endpoint: URL(string: "http://127.0.0.1:\(port)"), region: "us-east-1", style: .path)
  }

  private func destination(_ port: UInt16) throws -> DeliveryDestination {
    DeliveryDestination(
      album: album,
      place: .bucket(
        BucketDestination(
          location: try location(port), credentials: ObjectStoreProcess.credentials, prefix: "event")))
  }

  @Test(
    "A 404, or a page, that is no store's parks nothing",
    arguments: [
      LoopbackHTTP.Answer(status: 404), LoopbackHTTP.Answer(status: 404, body: "not here"),
      LoopbackHTTP.Answer(
        status: 404, headers: ["Content-Type: text/html", "ETag: \"1\""], body: "<html>Log in</html>"),
      LoopbackHTTP.Answer(
        status: 200, headers: ["Content-Type: text/html", "ETag: \"1\""], body: "<html>Log in</html>"),
      LoopbackHTTP.Answer(status: 200, body: "{}"),
    ])
  func nobody(answer: LoopbackHTTP.Answer) async throws {
    let server = try LoopbackHTTP { _, _ in answer }
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: album)
    let events = await bench.run(bench.deliverer([try destination(server.port)])) {
      !$0.waiting.isEmpty || !$0.parked.isEmpty
    }
    #expect(events.parked == [])
    let isPage = answer.status == 200 && answer.headers.contains("Content-Type: text/html")
    #expect(events.waiting.first?.reason.code == (isPage ? .loginPage : .intercepted))
  }

  @Test("What a store says itself of an album that is not there parks, with what to type")
  func absent() async throws {
    for code in ["NoSuchKey", "NoSuchBucket"] {
      let server = try LoopbackHTTP { _, _ in
        LoopbackHTTP.Answer(
          status: 404, headers: ["Content-Type: application/xml"],
          body: "<Error><Code>\(code)</Code><Message>No.</Message></Error>")
      }
      let bench = try await DeliveryBench()
      try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: album)
      let events = await bench.run(bench.deliverer([try destination(server.port)])) {
        !$0.waiting.isEmpty || !$0.parked.isEmpty
      }
      #expect(events.parked == [.noSuchAlbum])
    }
  }

  @Test(
    "A HEAD that is refused without a word is signed again with the store's time, once, if ours is far from it"
  )
  func clock() async throws {
    let storeTime = "Mon, 23 Nov 2026 14:00:00 GMT"
    let store = try #require(HTTPDate.parse(storeTime))
    for (ahead, requests, isSkewed) in [(3600.0, 2, true), (-86_400, 2, true), (60, 1, false)] {
      let count = Counter()
      let server = try LoopbackHTTP { request, _ in
        count.value.withLock { $0 += 1 }
        let isRight = isSkewed && request.fields["x-amz-date"]?.hasPrefix("20261123T14") == true
        return LoopbackHTTP.Answer(
          status: isRight ? 200 : 403,
          headers: ["x-amz-request-id: 1", "Date: \(storeTime)", "ETag: \"1\""])
      }
      let client = S3Client(
        try location(server.port), credentials: ObjectStoreProcess.credentials,
        curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")), timeouts: Timeouts(),
        clock: { store.addingTimeInterval(ahead) })
      let (presence, answer) = try await client.head("event/album.json")
      #expect((presence != nil) == isSkewed)
      #expect(answer.status == (isSkewed ? 200 : 403))
      #expect(count.value.withLock { $0 } == requests)
    }
  }

  @Test(
    "What is wrong with a store's certificate is said in words, and parks nothing",
    .enabled(if: TLSServer.isPossible, "no openssl or no python3"),
    arguments: [TLSServer.Certificate.expired, .selfSigned])
  func certificate(_ certificate: TLSServer.Certificate) async throws {
    let authority = try await TestAuthority()
    let server = try await TLSServer(certificate, of: authority)
    let client = S3Client(
      try S3Location(
        bucket: "party", endpoint: URL(string: "https://localhost:\(server.port)"), region: "us-east-1",
        style: .path),
      credentials: ObjectStoreProcess.credentials,
      curl: try CurlClient(
        CurlClient.Options(userAgent: "pixcheese-tests/1", certificateFile: authority.certificate)))
    let error = await #expect(throws: CurlError.self) { try await client.head("event/album.json") }
    guard let error, case .stopped(let reason, _) = AssetUpload.outcome(of: error) else {
      Issue.record("it is no reason to wait")
      return
    }
    #expect(reason.code == .certificate)
    let words = certificate == .expired ? "has expired" : "is self-signed"
    #expect(reason.text.hasPrefix("The certificate of localhost \(words)."))
  }

  private final class Counter: Sendable {
    let value = Mutex(0)
  }
}
