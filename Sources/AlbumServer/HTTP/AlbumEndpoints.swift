import Foundation
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import ServiceLifecycle

/// The JSON of albums and frames, and the stream of their changes.
struct AlbumEndpoints: Sendable {
  let store: AlbumStore
  let gate: Gate
  let publicURL: URL?

  private struct NewAlbum: Decodable {
    let name: String
  }

  private struct CreatedAlbum: Encodable {
    let album: String
    let url: String
    let uploadURL: String
    let token: String

    enum CodingKeys: String, CodingKey {
      case album, url, token
      case uploadURL = "upload_url"
    }
  }

  private struct ShownAlbum: Encodable {
    let album: String
    let name: String
    let url: String
    let createdAt: String
    let frames: Int
    let seq: Int64

    enum CodingKeys: String, CodingKey {
      case album, name, url, frames, seq
      case createdAt = "created_at"
    }
  }

  private struct Albums: Encodable {
    let albums: [ShownAlbum]
  }

  private struct Frames: Encodable {
    let frames: [AlbumFrame]
    let next: Int64?

    enum CodingKeys: String, CodingKey {
      case frames, next
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(frames, forKey: .frames)
      try container.encode(next, forKey: .next)
    }
  }

  /// `POST /api/v1/albums`
  func create(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    try await gate.requireAdministrator(request)
    let body: ByteBuffer
    do {
      body = try await request.body.collect(upTo: 16 << 10)
    } catch {
      throw Problem(.contentTooLarge, "An album's description has 16 KiB at most.")
    }
    let wanted: NewAlbum
    do {
      wanted = try JSONDecoder().decode(NewAlbum.self, from: Data(body.readableBytesView))
    } catch {
      throw Problem(.badRequest, "The body is a JSON object with a name: {\"name\": \"Anna and Jan\"}.")
    }
    guard Self.isName(wanted.name) else {
      throw Problem(.badRequest, "An album's name has 1 to 200 bytes and no control characters.")
    }
    let access = try await store.createAlbum(named: wanted.name)
    let links = AlbumLinks(slug: access.album.slug, base: try base(of: request))
    return try json(
      CreatedAlbum(
        album: access.album.slug, url: links.page.absoluteString, uploadURL: links.uploads.absoluteString,
        token: access.token), status: .created)
  }

  /// `GET /api/v1/albums`
  func list(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    try await gate.requireAdministrator(request)
    let base = try base(of: request)
    return try json(Albums(albums: try await store.albums().map { shown($0, base: base) }))
  }

  /// `GET /api/v1/albums/SLUG`
  func show(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    try json(shown(try await gate.album(context), base: try base(of: request)))
  }

  /// `GET /api/v1/albums/SLUG/frames?after=SEQ&limit=N`
  func frames(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let after = try number("after", of: request, in: 0...Int64.max) ?? 0
    let limit = Int(try number("limit", of: request, in: 1...1000) ?? 200)
    let album = try await gate.album(context)
    // One more than asked for tells whether there is more.
    var frames = try await store.frames(of: album, after: after, limit: limit + 1)
    var next: Int64?
    if frames.count > limit {
      frames.removeLast()
      next = frames.last?.seq
    }
    return try json(Frames(frames: frames, next: next))
  }

  /// `GET /api/v1/albums/SLUG/events`
  func events(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let album = try await gate.album(context)
    let wanted = ServerSentEvent.position(
      header: request.headers[.lastEventID],
      query: request.uri.queryParameters["last_event_id"].map(String.init))
    let feed = try await store.feed(of: album)
    let stream = EventStream(store: store, album: album, feed: feed)
    let cutOff = context.cutOff
    return Response(
      status: .ok,
      headers: [
        .contentType: "text/event-stream", .cacheControl: "no-store",
        // nginx would hold the events back.
        .init("X-Accel-Buffering")!: "no",
      ],
      body: .init { writer in
        let viewer = Viewer(cutOff: cutOff)
        try await stream.run(for: viewer, from: wanted) { try await writer.write($0) }
        try await writer.finish(nil)
      })
  }

  private func shown(_ album: Album, base: URL) -> ShownAlbum {
    ShownAlbum(
      album: album.slug, name: album.name, url: AlbumLinks(slug: album.slug, base: base).page.absoluteString,
      createdAt: album.createdAt.formatted(.iso8601), frames: album.frames, seq: album.seq)
  }

  /// The server's address as the client knows it: the configured one, else the one it called.
  private func base(of request: Request) throws -> URL {
    if let publicURL { return publicURL }
    guard let authority = request.head.authority, let url = URL(string: "http://\(authority)"),
      url.host != nil
    else { throw Problem(.badRequest, "The Host header is missing or cannot be read.") }
    return url
  }

  private func number(_ name: String, of request: Request, in range: ClosedRange<Int64>) throws -> Int64? {
    guard let text = request.uri.queryParameters[name[...]] else { return nil }
    guard let number = Int64(text), range.contains(number) else {
      throw Problem(.badRequest, "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  private static func isName(_ name: String) -> Bool {
    if case .embedded = try? Destination(parsing: name) { return true }
    return false
  }

  private func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(value)
    return Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-cache"],
      body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}

extension HTTPField.Name {
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
