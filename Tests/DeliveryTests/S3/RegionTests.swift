import Curl
import Foundation
import Model
import Synchronization
import Testing

@testable import Delivery

@Suite("A bucket in another region")
struct RegionTests {
  /// The ways in which stores say that a bucket is elsewhere.
  enum Way: CaseIterable, Sendable {
    case permanent, temporary, malformed, fieldAlone

    var answer: LoopbackHTTP.Answer {
      func error(_ status: Int, _ code: String, _ more: String, _ headers: [String]) -> LoopbackHTTP.Answer {
        LoopbackHTTP.Answer(
          status: status,
          headers: headers + ["Content-Type: application/xml", "x-amz-request-id: 4442587FB7D0A2F9"],
          body:
            "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>Elsewhere</Message>\(more)</Error>")
      }
      let region = "x-amz-bucket-region: eu-west-1"
      return switch self {
      case .permanent: error(301, "PermanentRedirect", "<Endpoint>elsewhere</Endpoint>", [region])
      case .temporary:
        error(307, "TemporaryRedirect", "", [region, "Location: http://127.0.0.1:1/elsewhere"])
      case .malformed: error(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>", [])
      case .fieldAlone: LoopbackHTTP.Answer(status: 301, headers: [region])
      }
    }
  }

  /// A bucket of one object that takes nothing that is signed for another region than its own, and the regions that
  /// requests were signed for.
  private final class Bucket: Sendable {
    let server: LoopbackHTTP
    private let state: SharedState

    init(_ way: Way) throws {
      let state = SharedState()
      server = try LoopbackHTTP { request, body in
        let scope = request.fields["authorization"]?.split(separator: "/") ?? []
        let region = scope.count > 2 ? String(scope[2]) : ""
        state.value.withLock { $0.regions.append(region) }
        let bytes = body()
        // HEAD has no body, and so none that could say it.
        let elsewhere = request.method == "HEAD" ? Way.fieldAlone.answer : way.answer
        guard region == "eu-west-1" else { return elsewhere }
        let object = state.value.withLock { state in
          if request.method == "PUT" { state.object = bytes }
          return state.object
        }
        return object == nil
          ? LoopbackHTTP.Answer(status: 404, headers: ["x-amz-request-id: 4442587FB7D0A2F9"])
          : LoopbackHTTP.Answer(status: 200, headers: ["ETag: \"1\"", "x-amz-request-id: 4442587FB7D0A2F9"])
      }
      self.state = state
    }

    var regions: [String] { state.value.withLock(\.regions) }
    var object: [UInt8]? { state.value.withLock(\.object) }
  }

  private final class SharedState: Sendable {
    let value = Mutex<(regions: [String], object: [UInt8]?)>(([], nil))
  }

  @Test("What the store names is signed for at once, whichever request met it first", arguments: Way.allCases)
  func redirect(_ way: Way) async throws {
    for startsWithHead in [true, false] {
      let bucket = try Bucket(way)
      let client = S3Client(
        try S3Location(
          bucket: "party", endpoint: URL(string: "http://127.0.0.1:\(bucket.server.port)"),
          region: "us-east-1",
          style: .path),
        credentials: ObjectStoreProcess.credentials,
        curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")))
      let bytes = Array("a photo".utf8)
      if startsWithHead { #expect(try await client.head("media/1.jpg").presence == .absent) }
      let put = try await client.send(
        S3Request(method: .put, key: "media/1.jpg", body: .bytes(bytes), payload: ContentHash(of: bytes)))
      #expect(put.isSuccess)
      #expect(bucket.object == bytes)
      _ = try await client.head("media/1.jpg")
      // Asked wrongly once; from then on it is known.
      #expect(
        bucket.regions
          == ["us-east-1"] + Array(repeating: "eu-west-1", count: startsWithHead ? 3 : 2))
    }
  }
}
