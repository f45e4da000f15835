import Curl
import Foundation
import Testing

@testable import Delivery

@Suite("Looking into an album server's album")
struct AlbumServerVerifierTests {
  @Test("A list of frames that never ends is an error, and no endless question", arguments: [0, -1, 7])
  func endless(next: Int) async throws {
    // Honest once, so that the loop is entered.
    let server = try LoopbackHTTP { request, _ in
      let body =
        request.target.contains("after=0") ? #"{"frames":[],"next":7}"# : #"{"frames":[],"next":\#(next)}"#
      return LoopbackHTTP.Answer(status: 200, headers: ["Content-Type: application/json"], body: body)
    }
    let page = try #require(URL(string: "http://127.0.0.1:\(server.port)/a/party"))
    let client = AlbumServerClient(
      curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")))
    await #expect {
      try await AlbumServerVerifier(AlbumServerAddress(page: page), client: client)
    } throws: {
      ($0 as? VerificationError)?.code == .unreachable
    }
  }
}
