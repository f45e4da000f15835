import Curl
import Foundation
import Model
import Testing

@testable import Delivery

@Suite("Requests of tus, and what is read from its answers")
struct TusEndpointTests {
  let endpoint = TusEndpoint(
    creation: URL(string: "https://album.example:8443/a/files?x=1")!, token: "secret")

  func value(_ name: String, _ request: TusRequest) -> String? {
    request.headers.first { $0.name == name }?.value
  }

  @Test("Creation says length and metadata, and carries bytes with their type")
  func creation() {
    let plain = endpoint.create(length: 9, metadata: "filename YQ==", carrying: 0)
    #expect(plain.method == .post)
    #expect(plain.url == endpoint.creation)
    #expect(value("Tus-Resumable", plain) == "1.0.0")
    #expect(value("Upload-Length", plain) == "9")
    #expect(value("Upload-Metadata", plain) == "filename YQ==")
    #expect(value("Content-Type", plain) == nil)
    #expect(plain.range.isEmpty)
    let carrying = endpoint.create(length: 9, metadata: "", carrying: 9)
    #expect(value("Content-Type", carrying) == "application/offset+octet-stream")
    #expect(value("Upload-Metadata", carrying) == nil)
    #expect(carrying.range == 0..<9)
  }

  @Test("{name} in the address becomes each file's name, told apart by its hash")
  func names() throws {
    let template = TusEndpoint(
      creation: try #require(URL(string: "http://filer.example:8888/.tus/party/{name}")), token: "t")
    let hash = ContentHash(of: Data("a".utf8))
    #expect(
      template.naming("IMG_0001.JPG", hash).creation.absoluteString
        == "http://filer.example:8888/.tus/party/IMG_0001-ca978112.JPG")
    let odd = template.naming("../婚礼/a b?.JPG", hash).creation
    #expect(odd.path(percentEncoded: true).split(separator: "/").count == 3)
    #expect(odd.query == nil && odd.absoluteString.hasSuffix("a%20b%3F-ca978112.JPG"))
    #expect(template.naming("none", hash).creation.lastPathComponent == "none-ca978112")
    #expect(endpoint.naming("IMG_0001.JPG", hash) == endpoint)
  }

  @Test("A server that takes the creation's address for the file's own is refused before the first byte")
  func replacing() throws {
    let plain = TusEndpoint(creation: try #require(URL(string: "http://filer.example:8888/.tus/party")))
    var upload = TusUpload(endpoint: plain, length: 10)
    _ = upload.begin()
    guard
      case .stop(let reason, _) = upload.answered(TusAnswer(status: 201, location: "/.tus/.uploads/1"))
    else {
      Issue.record("it goes on")
      return
    }
    #expect(reason.code == .refused && reason.text.contains("/{name}"))
  }

  @Test("PATCH says where it begins, its type, and its checksum")
  func patch() throws {
    let url = try #require(endpoint.resolve(location: "/u/1"))
    let request = endpoint.patch(url, range: 5..<9, checksum: (.sha256, "abc="))
    #expect(request.method == .patch)
    #expect(value("Upload-Offset", request) == "5")
    #expect(value("Content-Type", request) == "application/offset+octet-stream")
    #expect(value("Upload-Checksum", request) == "sha256 abc=")
    #expect(request.range == 5..<9)
    #expect(endpoint.head(url).method == .head)
    #expect(endpoint.options().method == .options)
  }

  @Test("The token goes to the creation endpoint's origin and nowhere else")
  func token() throws {
    for (location, isOwn) in [
      ("/u/1", true), ("u/1", true), ("https://ALBUM.example:8443/u", true),
      ("https://album.example/u", false), ("https://evil.example:8443/u", false),
      ("//evil.example/u", false),
    ] {
      let url = try #require(endpoint.resolve(location: location))
      for request in [endpoint.head(url), endpoint.patch(url, range: 0..<1)] {
        #expect(value("Authorization", request) == (isOwn ? "Bearer secret" : nil), "\(location)")
      }
    }
    #expect(value("Authorization", endpoint.options()) == "Bearer secret")
    #expect(TusEndpoint(creation: endpoint.creation).options().headers.count == 1)
  }

  @Test("A default port is the same origin as none")
  func defaultPort() throws {
    let plain = TusEndpoint(creation: try #require(URL(string: "http://h/files")), token: "t")
    let url = try #require(plain.resolve(location: "http://h:80/files/1"))
    #expect(value("Authorization", plain.head(url)) == "Bearer t")
  }

  @Test("Locations are resolved against the creation URL")
  func locations() {
    #expect(endpoint.resolve(location: "1")?.absoluteString == "https://album.example:8443/a/1")
    #expect(endpoint.resolve(location: "/u/1?k=2")?.absoluteString == "https://album.example:8443/u/1?k=2")
    #expect(endpoint.resolve(location: "https://other/x")?.absoluteString == "https://other/x")
    #expect(endpoint.resolve(location: "javascript:alert(1)") == nil)
  }

  @Test("An upload that was made by https is never sent in the clear, and the reason says what to do")
  func exposed() throws {
    let plain = TusEndpoint(creation: try #require(URL(string: "http://up.example/files/")))
    #expect(plain.resolve(location: "http://up.example/files/1") != nil)
    #expect(plain.resolve(location: "https://up.example/files/1") != nil)
    for location in ["http://album.example:8443/u/1", "HTTP://album.example/u/1", "http://evil.example/1"] {
      #expect(endpoint.resolve(location: location) == nil)
      var upload = TusUpload(endpoint: endpoint, length: 10)
      _ = upload.begin()
      guard case .stop(let reason, _) = upload.answered(TusAnswer(status: 201, location: location)) else {
        Issue.record("\(location) is followed")
        continue
      }
      #expect(reason.code == .refused && reason.needsPerson)
      #expect(reason.text.contains("X-Forwarded-Proto") && reason.text.contains("-behind-proxy"))
      // What the creation carried by https is there all the same.
      var carried = TusUpload(endpoint: endpoint, length: 10, carriesAtCreation: true)
      _ = carried.begin()
      #expect(carried.answered(TusAnswer(status: 201, offset: 10, location: location)) == .done)
    }
  }

  @Test("An upload is written down so that it is found when the album moves to another port")
  func reference() throws {
    let url = try #require(endpoint.resolve(location: "/u/a%20b?k=2"))
    let reference = endpoint.reference(to: url)
    #expect(reference == "/u/a%20b?k=2")
    let moved = TusEndpoint(creation: try #require(URL(string: "http://127.0.0.1:9/files")))
    #expect(moved.resolve(location: reference)?.absoluteString == "http://127.0.0.1:9/u/a%20b?k=2")
    let elsewhere = try #require(URL(string: "https://store.example/u/1"))
    #expect(endpoint.reference(to: elsewhere) == "https://store.example/u/1")
  }

  @Test(
    "A part says that it is one, and a file is made of parts in their order, with neither length nor bytes")
  func parts() throws {
    let endpoint = TusEndpoint(creation: try #require(URL(string: "https://host.example/files")), token: "t")
    let part = HeaderFields(
      endpoint.create(length: 5, metadata: "sha256 YQ==", carrying: 0, isPartial: true).headers)
    #expect(part["Upload-Concat"] == "partial")
    #expect(part["Upload-Length"] == "5")
    let join = endpoint.join(["/files/2", "https://other.example/1"], metadata: "filename YQ==")
    #expect(join.method == .post)
    #expect(join.range.isEmpty)
    let headers = HeaderFields(join.headers)
    #expect(headers["Upload-Concat"] == "final;/files/2 https://other.example/1")
    #expect(headers["Upload-Metadata"] == "filename YQ==")
    #expect(headers["Upload-Length"] == nil)
    #expect(headers["Authorization"] == "Bearer t")
  }

  @Test("OPTIONS says what a server can do; one that is no tus server says nothing")
  func features() {
    let full = Response(
      status: 204,
      headers: HeaderFields([
        .init(name: "Tus-Version", value: "1.0.0, 0.2.2"), .init(name: "tus-max-size", value: "1000"),
        .init(
          name: "Tus-Extension",
          value: "creation, creation-with-upload ,checksum, Concatenation,pixcheese-known-content"),
        .init(name: "Tus-Checksum-Algorithm", value: "md5,sha1,SHA256"),
      ]))
    #expect(
      TusFeatures(full)
        == TusFeatures(takesBytesAtCreation: true, joinsParts: true, checksum: .sha256, maximumLength: 1000))
    let plain = Response(status: 200, headers: HeaderFields([.init(name: "Tus-Version", value: "1.0.0")]))
    #expect(TusFeatures(plain) == TusFeatures())
    #expect(TusFeatures(Response(status: 200)) == nil)
    let other = Response(status: 200, headers: HeaderFields([.init(name: "Tus-Version", value: "0.2")]))
    #expect(TusFeatures(other) == nil)
  }

  @Test("Offsets are digits; anything else is none")
  func answers() {
    let now = Date(timeIntervalSince1970: 1_795_000_000)
    func answer(_ value: String) -> TusAnswer {
      let fields = [
        HeaderFields.Field(name: "TUS-RESUMABLE", value: "1.0.0"), .init(name: "upload-offset", value: value),
        .init(name: "Upload-Length", value: value),
      ]
      return TusAnswer(Response(status: 200, headers: HeaderFields(fields)), now: now)
    }
    #expect(answer("12") == TusAnswer(status: 200, offset: 12, length: 12))
    for value in ["-1", "+1", "1.0", "", "abc", "99999999999999999999"] {
      #expect(answer(value) == TusAnswer(status: 200), "\(value)")
    }
    #expect(!TusAnswer(Response(status: 200), now: now).speaksTus)
  }

  @Test("A refusal's words reach the person who reads the reason, without what could steer a terminal")
  func details() {
    let now = Date()
    func detail(_ status: Int, _ type: String, _ body: String) -> String? {
      TusAnswer(
        Response(
          status: status, headers: HeaderFields([.init(name: "Content-Type", value: type)]),
          body: Array(body.utf8)),
        now: now
      ).detail
    }
    #expect(
      detail(400, "application/problem+json", #"{"status":400,"detail":"An empty file."}"#)
        == "An empty file.")
    #expect(detail(400, "application/json", #"{"title":"Bad"}"#) == "Bad")
    #expect(detail(400, "application/json", "no json") == nil)
    #expect(detail(507, "text/plain; charset=utf-8", "no \u{1B}[31mroom\n left") == "no [31mroom left")
    #expect(detail(400, "text/html", "<html>sign in</html>") == nil)
    #expect(detail(200, "text/plain", "fine") == nil)
    #expect(detail(400, "text/plain", String(repeating: "x", count: 999))?.count == 200)
    var upload = TusUpload(endpoint: endpoint, length: 0)
    _ = upload.begin()
    #expect(
      upload.answered(TusAnswer(status: 400, detail: "An empty file is no picture."))
        == .stop(
          DeliveryReason(.refused, "The server refuses the upload (400): An empty file is no picture.")))
  }

  @Test("Retry-After is seconds or a date, and never longer than an hour")
  func retryAfter() {
    let now = Date(timeIntervalSince1970: 784_111_777 - 20)
    #expect(TusAnswer.wait("120", now: now) == .seconds(120))
    #expect(TusAnswer.wait("86400", now: now) == .seconds(3600))
    #expect(TusAnswer.wait("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == .seconds(20))
    #expect(TusAnswer.wait("Sun, 06 Nov 1994 08:49:37 GMT", now: now + 99) == .zero)
    #expect(TusAnswer.wait("soon", now: now) == nil)
    // A date is counted from the server's own time where it says that, whatever ours is.
    let busy = Response(
      status: 503,
      headers: HeaderFields([
        .init(name: "Date", value: "Sun, 06 Nov 1994 08:49:00 GMT"),
        .init(name: "Retry-After", value: "Sun, 06 Nov 1994 08:49:37 GMT"),
      ]))
    #expect(TusAnswer(busy, now: Date()).retryAfter == .seconds(37))
    #expect(TusAnswer.wait("", now: now) == nil)
  }
}
