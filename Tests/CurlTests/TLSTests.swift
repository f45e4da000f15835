import Foundation
import TestServers
import Testing

@testable import Curl

@Suite(
  "TLS against a real server", .enabled(if: TLSServer.isPossible, "no openssl or no python3"))
struct TLSTests {
  private static let authority = Task { try await TestAuthority() }

  private func client(trusting: Bool = true) async throws -> CurlClient {
    try CurlClient(
      CurlClient.Options(
        userAgent: "pixcheese-tests/1",
        certificateFile: trusting ? try await Self.authority.value.certificate : nil
      ))
  }

  private func url(_ port: UInt16, host: String = "localhost", scheme: String = "https") throws -> URL {
    try #require(URL(string: "\(scheme)://\(host):\(port)/"))
  }

  @Test("A private authority is trusted where its file is named, and only there")
  func privateAuthority() async throws {
    let server = try await TLSServer(.good, of: Self.authority.value)
    #expect(try await client().perform(Request(.get, url(server.port))).status == 200)
    let error = await #expect(throws: CurlError.self) {
      try await client(trusting: false).perform(Request(.get, url(server.port)))
    }
    #expect(error?.code == .certificate)
    #expect(error?.certificateFault == .unknownIssuer)
  }

  @Test(
    "A certificate that is not right is refused, and it is said why",
    arguments: [
      (TLSServer.Certificate.expired, CertificateFault.expired), (.future, .notYetValid),
      (.stranger, .wrongHost), (.selfSigned, .selfSigned),
    ])
  func refused(certificate: TLSServer.Certificate, fault: CertificateFault) async throws {
    let server = try await TLSServer(certificate, of: Self.authority.value)
    let error = await #expect(throws: CurlError.self) {
      try await client().perform(Request(.get, url(server.port)))
    }
    #expect(error?.code == .certificate)
    #expect(error?.certificateFault == fault)
    #expect(error?.isRetryable == true, "a captive portal's goes away when someone logs in")
  }

  @Test("TLS older than 1.2 is refused")
  func oldTLS() async throws {
    let server = try await TLSServer(.good, of: Self.authority.value, version: "TLSv1_1")
    let error = await #expect(throws: CurlError.self) {
      try await client().perform(Request(.get, url(server.port)))
    }
    #expect(error?.code == .tls)
    let newer = try await TLSServer(.good, of: Self.authority.value, version: "TLSv1_2")
    #expect(try await client().perform(Request(.get, url(newer.port))).status == 200)
  }

  @Test(
    "A name with addresses of both kinds is reached whichever of them answers",
    arguments: ["127.0.0.1", "::1"])
  func bothFamilies(host: String) async throws {
    let server = try await TLSServer(nil, of: Self.authority.value, host: host)
    let literal = host.contains(":") ? "[\(host)]" : host
    #expect(
      try await client().perform(Request(.get, url(server.port, host: literal, scheme: "http"))).status == 200
    )
    #expect(try await client().perform(Request(.get, url(server.port, scheme: "http"))).status == 200)
  }
}
