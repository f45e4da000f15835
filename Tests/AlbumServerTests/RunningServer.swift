import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import Model
import NIOCore
import ServiceLifecycle
import Synchronization
import TestServers
import Testing

@testable import AlbumServer

/// A real server on a port of its own, with a data folder that goes with it.
struct RunningServer: Sendable {
  let server: AlbumServer
  let store: AlbumStore
  let folder: String
  let port: Int
  let administrator: String

  /// Runs a server as long as the body does, and stops it the way a signal would.
  static func with<Value: Sendable>(
    in folder: TemporaryFolder? = nil,
    _ adjust: (inout AlbumServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (RunningServer) async throws -> Value
  ) async throws -> Value {
    let folder = try folder ?? TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let (ports, ready) = AsyncStream.makeStream(of: Int.self)
    var configuration = try AlbumServerConfiguration(host: "127.0.0.1", port: 0) { port in
      ready.yield(port)
      ready.finish()
    }
    adjust(&configuration)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let albumServer = AlbumServer(store: store, configuration: configuration, logger: logger)
    let group = ServiceGroup(services: [albumServer], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { ready.finish() }
        try await group.run()
      }
      guard let port = await ports.first(where: { _ in true }) else {
        try await tasks.waitForAll()
        throw Failure("the server did not start")
      }
      let token = try String(contentsOfFile: folder.path + "/admin-token", encoding: .utf8)
      let server = RunningServer(
        server: albumServer, store: store, folder: folder.path, port: port,
        administrator: token.trimmingCharacters(in: .whitespacesAndNewlines))
      let value = try await body(server)
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
      withExtendedLifetime(folder) {}
      return value
    }
  }

  /// How long a test waits for what comes in a moment, unless the machine has much else to do.
  static let patience = Duration.seconds(600)

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// One request on a connection of its own.
  func send(
    _ method: HTTPRequest.Method, _ path: String, token: String? = nil, headers: HTTPFields = [:],
    body: [UInt8]? = nil
  ) async throws -> TestClient.Response {
    var headers = headers
    if let token { headers[.authorization] = "Bearer \(token)" }
    headers[.connection] = "close"
    let (fields, authority) = (headers, "127.0.0.1:\(port)")
    // The client's own 15 s are little where hundreds of tests share two cores.
    let patience = TestClient.Configuration(timeout: Self.patience)
    return try await TestClient.withClient(host: "127.0.0.1", port: port, configuration: patience) { client in
      try await client.execute(
        .init(
          path, method: method, authority: authority, headers: fields,
          body: body.map { ByteBuffer(bytes: $0) }))
    }
  }

  /// A tus request: the version's header is there.
  @discardableResult
  func tus(
    _ method: HTTPRequest.Method, _ path: String, token: String, headers: HTTPFields = [:],
    body: [UInt8]? = nil
  ) async throws -> TestClient.Response {
    var headers = headers
    headers[.tusResumable] = "1.0.0"
    if body != nil, headers[.contentType] == nil { headers[.contentType] = Tus.contentType }
    return try await send(method, path, token: token, headers: headers, body: body)
  }

  /// Makes an upload and returns its path.
  func create(
    _ access: AlbumAccess, length: Int, metadata: UploadMetadata = UploadMetadata()
  ) async throws -> String {
    let answer = try await tus(
      .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
      headers: [.uploadLength: String(length), .uploadMetadata: metadata.header])
    try #require(answer.status == .created)
    return try #require(answer.headers[.location])
  }

  /// Sends bytes in one request.
  @discardableResult
  func upload(
    _ bytes: [UInt8], to access: AlbumAccess, metadata: UploadMetadata = UploadMetadata()
  ) async throws -> TestClient.Response {
    try await tus(
      .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
      headers: [.uploadLength: String(bytes.count), .uploadMetadata: metadata.header], body: bytes)
  }

  /// Publishes an original that is larger than the sockets' buffers, all of it zeros, and returns its path.
  func publishLarge(in access: AlbumAccess, length: Int64 = 64 << 20) async throws -> String {
    let (folder, draft) = (store.folder, UploadID())
    let hash = ContentHash(of: Data("large".utf8))
    try StoredFile(upload: folder.upload(draft), offset: 0).truncate(to: length)
    try folder.adopt(folder.upload(draft), as: hash)
    try folder.remove(folder.upload(draft))
    let publication = Publication(
      album: access.album, frame: hash, kind: .original, sha256: hash, bytes: length,
      type: ContentType(head: SampleBytes.jpeg(ContentType.headLength), name: nil))
    try await store.publish(publication)
    return "/media/\(access.album.slug)/\(publication.file)"
  }

  /// Asks for something with a connection that takes the head of the answer, and nothing more.
  func beginDownload(_ path: String) async throws -> RawConnection {
    let guest = try await RawConnection.open(port: port, reads: false)
    try await guest.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
    guest.takeSome()
    let head = try await guest.read(until: "\r\n\r\n")
    guard head.hasPrefix("HTTP/1.1 200") else { throw Failure("no download began: \(head)") }
    return guest
  }

  func offset(of upload: String, _ access: AlbumAccess) async throws -> String? {
    try await tus(.head, upload, token: access.token).headers[.uploadOffset]
  }

  /// Waits until something holds that the server does by itself, looking again and again.
  func wait(until what: String, _ condition: () async throws -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + Self.patience
    while try await !condition() {
      guard clock.now < deadline else { throw Failure("waited in vain until \(what)") }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  func waitUntilUploading() async throws {
    try await wait(until: "a request is working on an upload") { await server.desk.turns.count > 0 }
  }

  func waitUntilReceived(_ count: Int64) async throws {
    try await wait(until: "\(count) bytes have come") {
      server.desk.received.load(ordering: .relaxed) >= count
    }
  }

  func waitUntilSeq(_ seq: Int, in access: AlbumAccess) async throws {
    try await wait(until: "change \(seq) is there") {
      (try await store.album(slug: access.album.slug)?.seq ?? 0) >= seq
    }
  }

  func waitUntilRendered() async throws {
    try await wait(until: "nothing lacks renditions") { try await store.totals().lackingRenditions == 0 }
  }

  /// The status of an answer whose body does not end.
  func statusOfStream(_ path: String) async throws -> Int {
    try await RawConnection.with(port: port) { connection in
      try await connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      let head = try await connection.read(until: "\r\n\r\n")
      return head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
  }

  func frames(of access: AlbumAccess) async throws -> [AlbumFrame] {
    try await store.frames(of: access.album, after: 0, limit: 1000)
  }
}

/// Bytes that look like a picture to the server's eye, each different.
enum SampleBytes {
  static func jpeg(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]
    while bytes.count < count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      bytes.append(UInt8(truncatingIfNeeded: state))
    }
    return bytes
  }
}

extension TestClient.Response {
  var bytes: [UInt8] { body.map { Array($0.readableBytesView) } ?? [] }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes))
  }
}
