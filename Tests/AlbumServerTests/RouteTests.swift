import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Model
import Testing

@testable import AlbumServer

/// The JSON, the page, the media, and the description of all of it.
@Suite struct RouteTests {
  @Test("An album is made, listed and shown")
  func albums() async throws {
    try await RunningServer.with { server in
      let made = try await server.send(
        .post, "/api/v1/albums", token: server.administrator, body: Array(#"{"name": "Anna & Jörg"}"#.utf8))
      #expect(made.status == .created)
      let album = try made.json([String: String].self)
      let slug = try #require(album["album"])
      #expect(slug.hasPrefix("anna-jorg-"))
      #expect(album["url"] == "http://127.0.0.1:\(server.port)/a/\(slug)")
      #expect(album["upload_url"] == "http://127.0.0.1:\(server.port)/api/v1/albums/\(slug)/uploads")
      let uploaded = try await server.tus(
        .post, "/api/v1/albums/\(slug)/uploads", token: try #require(album["token"]),
        headers: [.uploadLength: "100"], body: SampleBytes.jpeg(100))
      #expect(uploaded.status == .created)
      let shown = try await server.send(.get, "/api/v1/albums/\(slug)")
      #expect(shown.text.contains("\"frames\":1"))
      #expect(shown.text.contains("\"name\":\"Anna & Jörg\""))
      let list = try await server.send(.get, "/api/v1/albums", token: server.administrator)
      #expect(list.text.contains(slug))
      let frames = try await server.send(.get, "/api/v1/albums/\(slug)/frames?limit=1")
      #expect(frames.text.contains("\"next\":null"))
      #expect(frames.text.contains("\"thumbnail\":null"))
    }
  }

  @Test(
    "A name that is none is refused with words",
    arguments: [#"{"name": ""}"#, #"{"name": "s3://x/y"}"#, #"{"name": "a\u0000b"}"#, "{}", "name", ""])
  func badNames(body: String) async throws {
    try await RunningServer.with { server in
      let answer = try await server.send(
        .post, "/api/v1/albums", token: server.administrator, body: Array(body.utf8))
      #expect(answer.status == .badRequest)
      #expect(try await server.store.albums().isEmpty)
    }
  }

  @Test("Pages of frames lead to each other")
  func pages() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      for seed in 1...3 { try await server.upload(SampleBytes.jpeg(50, seed: UInt64(seed)), to: access) }
      struct Page: Decodable {
        let frames: [AlbumFrame]
        let next: Int64?
      }
      let path = "/api/v1/albums/\(access.album.slug)/frames"
      let first = try await server.send(.get, path + "?limit=2").json(Page.self)
      #expect(first.frames.map(\.seq) == [1, 2])
      #expect(first.next == 2)
      let second = try await server.send(.get, path + "?limit=2&after=2").json(Page.self)
      #expect(second.frames.map(\.seq) == [3])
      #expect(second.next == nil)
      for bad in ["?limit=0", "?limit=1001", "?after=-1", "?after=x"] {
        #expect(try await server.send(.get, path + bad).status == .badRequest)
      }
    }
  }

  @Test("Media are immutable, answer ranges and conditions, and are what they were")
  func media() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(600_000)
      try await server.upload(bytes, to: access, metadata: UploadMetadata(filename: "婚.html"))
      let path = try #require(try await server.frames(of: access).first?.original)
      #expect(path == "/media/\(access.album.slug)/\(ContentHash(of: bytes)).jpg")
      let whole = try await server.send(.get, path)
      #expect(whole.bytes == bytes)
      #expect(whole.headers[.contentType] == "image/jpeg")
      #expect(whole.headers[.cacheControl] == "public, max-age=31536000, immutable")
      #expect(whole.headers[.xContentTypeOptions] == "nosniff")
      #expect(whole.headers[.contentDisposition]?.contains("filename*=UTF-8''%E5%A9%9A.html") == true)
      let head = try await server.send(.head, path)
      #expect(head.headers[.contentLength] == "600000")
      #expect(head.bytes.isEmpty)
      let part = try await server.send(.get, path, headers: [.range: "bytes=599990-"])
      #expect(part.status == .partialContent)
      #expect(part.headers[.contentRange] == "bytes 599990-599999/600000")
      #expect(part.bytes == Array(bytes[599_990...]))
      let beyond = try await server.send(.get, path, headers: [.range: "bytes=600000-"])
      #expect(beyond.status == .rangeNotSatisfiable)
      #expect(beyond.headers[.contentRange] == "bytes */600000")
      let tag = try #require(whole.headers[.eTag])
      #expect(try await server.send(.get, path, headers: [.ifNoneMatch: tag]).status == .notModified)
      let changed = try await server.send(.get, path, headers: [.range: "bytes=0-1", .ifRange: "\"x\""])
      #expect(changed.status == .ok)
      let other = try await server.store.createAlbum(named: "b").album.slug
      let elsewhere = path.replacing(access.album.slug, with: other)
      #expect(try await server.send(.get, elsewhere).status == .notFound)
      #expect(try await server.send(.get, path.replacing(".jpg", with: ".html")).status == .notFound)
      for hostile in ["/media/\(access.album.slug)/..%2f..%2fadmin-token", "/media/../admin-token"] {
        #expect(try await server.send(.get, hostile).status == .notFound)
      }
    }
  }

  @Test("The page and its files come with a strict policy, and are asked for again only when they changed")
  func page() async throws {
    try await RunningServer.with { server in
      let slug = try await server.store.createAlbum(named: "a").album.slug
      let page = try await server.send(.get, "/a/\(slug)")
      #expect(page.status == .ok)
      let policy = try #require(page.headers[.contentSecurityPolicy])
      for part in [
        "default-src 'none'", "script-src 'self'", "img-src 'self' data: blob:", "frame-ancestors 'none'",
      ] {
        #expect(policy.contains(part))
      }
      let document = try String(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
          .deletingLastPathComponent().appending(path: "docs/live-page.md"), encoding: .utf8)
      #expect(
        document.replacing(#/\s+/#, with: " ").contains(policy),
        "docs/live-page.md has the policy that is sent")
      let tag = try #require(page.headers[.eTag])
      let again = try await server.send(.get, "/a/\(slug)", headers: [.ifNoneMatch: tag])
      #expect(again.status == .notModified)
      let none = try await server.send(.get, "/a/none-such")
      #expect(none.status == .notFound && none.headers[.contentSecurityPolicy] == policy)
      #expect(none.bytes == PageFiles.index.bytes, "the page itself says that there is no such album")
      #expect(try await server.send(.get, "/assets/none.js").status == .notFound)
      for (name, file) in PageFiles.assets {
        let asset = try await server.send(.get, "/assets/\(name)")
        #expect(asset.bytes == file.bytes)
        #expect(asset.headers[.contentType] != "application/octet-stream")
      }
    }
  }

  @Test("Every file of the page is in the program")
  func embedded() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/AlbumServer/Page").standardizedFileURL
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(names) == Set(PageFiles.assets.keys).union(["index.html"]))
    for (name, file) in PageFiles.assets {
      #expect(try Data(contentsOf: folder.appending(path: name)) == Data(file.bytes))
    }
  }

  @Test("Another method is 405 and hears which there are; another address is 404; both as problems")
  func wrongMethods() async throws {
    try await RunningServer.with { server in
      let answer = try await server.send(.delete, "/healthz")
      #expect(answer.status == .methodNotAllowed)
      #expect(answer.headers[.allow] == "GET, HEAD")
      let missing = try await server.send(.get, "/api/v2/albums")
      #expect(missing.status == .notFound)
      #expect(missing.headers[.contentType] == "application/problem+json")
    }
  }

  @Test("An address that is taken, or is none, is said so", arguments: ["127.0.0.1", "256.1.1.1"])
  func cannotListen(host: String) async throws {
    try await RunningServer.with { server in
      let configuration = try AlbumServerConfiguration(host: host, port: server.port)
      var logger = Logger(label: "test")
      logger.logLevel = .critical
      let second = AlbumServer(store: server.store, configuration: configuration, logger: logger)
      let error = await #expect(throws: AlbumServerError.self) { try await second.run() }
      #expect(error?.code == .listen)
      #expect(error?.message.contains("\(host):\(server.port)") == true)
    }
  }

  @Test("A public address with a path, or a port that is none, is refused before anything runs")
  func badConfiguration() throws {
    for bad in ["https://example.org/albums", "ftp://example.org", "https://"] {
      #expect(throws: AlbumServerError.self) {
        _ = try AlbumServerConfiguration(host: "::", port: 0, publicURL: URL(string: bad))
      }
    }
    #expect(throws: AlbumServerError.self) { _ = try AlbumServerConfiguration(host: "::", port: 70_000) }
  }

  @Test("Metrics count what is there")
  func metrics() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      try await server.upload(SampleBytes.jpeg(50), to: access)
      _ = try await server.create(access, length: 10)
      let text = try await server.send(.get, "/metrics").text
      for line in [
        "pixcheese_albums 1", "pixcheese_frames 1", "pixcheese_uploads 1",
        "pixcheese_received_bytes_total 50",
        "pixcheese_viewers 0",
      ] {
        #expect(text.contains(line + "\n"))
      }
      #expect(try await server.send(.get, "/healthz").text == "ok\n")
    }
  }

  @Test("The OpenAPI description names every route, and every route answers as it says")
  func openAPI() async throws {
    try await RunningServer.with { server in
      let text = try await server.send(.get, "/api/v1/openapi.yaml").text
      let described = OpenAPI(yaml: text)
      let configuration = try AlbumServerConfiguration(host: "127.0.0.1", port: 0)
      let routes = AlbumServer(
        store: server.store, configuration: configuration, logger: .init(label: "test")
      ).routes
      let real = Set(routes.all.map { "\($0.method) \($0.path)" })
      #expect(Set(described.operations.keys) == real)
      let access = try await server.store.createAlbum(named: "a")
      try await server.upload(SampleBytes.jpeg(50), to: access)
      let media = try #require(
        try await server.frames(of: access).first?.original?.split(separator: "/").last)
      for (operation, statuses) in described.operations.sorted(by: { $0.key > $1.key }) {
        let words = operation.split(separator: " ")
        let upload = try await server.create(access, length: 10)
        let path = String(words[1]).replacing("{slug}", with: access.album.slug)
          .replacing("{file}", with: words[1].hasPrefix("/assets") ? "page.js" : String(media))
          .replacing("{sha256}", with: String(media.prefix(64)))
          .replacing("{upload}", with: String(upload.split(separator: "/").last ?? ""))
        let method = try #require(HTTPRequest.Method(String(words[0])))
        // With a token and without, with the version and without, well and badly: always something that is listed.
        var answers: Set<Int> = []
        if path.hasSuffix("/events") {
          answers.insert(try await server.statusOfStream(path))
        } else {
          answers.insert(try await server.send(method, path).status.code)
          answers.insert(try await server.tus(method, path, token: server.administrator).status.code)
          answers.insert(try await server.tus(method, path, token: "x", body: [1, 2, 3]).status.code)
          answers.insert(
            try await server.tus(
              method, path, token: server.administrator, headers: [.uploadOffset: "0", .uploadLength: "9"],
              body: [1, 2, 3]
            ).status.code)
        }
        #expect(answers.isSubset(of: statuses), "\(operation): \(answers) and not \(statuses)")
        #expect(
          answers.contains { $0 < 400 } || operation == "POST /api/v1/albums", "\(operation) never works")
      }
    }
  }
}
