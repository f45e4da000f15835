import Foundation
import HTTPTypes
import HummingbirdTesting
import Model
import Pictures
import Testing

@testable import AlbumServer

/// The JSON that the server really sends, beside what its description says of it.
@Suite("Answers, and what the API's description says of them") struct AnswerTests {
  @Test(
    "Every answer has the keys that are required, none that is not described, and all of the type that is said"
  )
  func bodies() async throws {
    try await RunningServer.with { server in
      let api = OpenAPI(yaml: try await server.send(.get, "/api/v1/openapi.yaml").text)
      func check(
        _ operation: String, _ path: String, _ status: Int, token: String? = nil, body: String? = nil
      ) async throws -> JSONValue {
        let method = try #require(HTTPRequest.Method(String(operation.prefix { $0 != " " })))
        let answer = try await server.send(method, path, token: token, body: body.map { Array($0.utf8) })
        #expect(answer.status.code == status, "\(operation): \(answer.text)")
        let schema = try #require(api.schema(of: operation, status: status), "\(operation) \(status)")
        let value = try answer.json(JSONValue.self)
        #expect(api.faults(in: value, as: schema, at: "\(operation) \(status)") == [])
        return value
      }

      let (albums, album) = ("/api/v1/albums", "/api/v1/albums/{slug}")
      let made = try await check(
        "POST \(albums)", albums, 201, token: server.administrator, body: #"{"name": "Anna"}"#)
      guard case .text(let slug) = made.members["album"], case .text(let token) = made.members["token"] else {
        throw RunningServer.Failure("no album was made")
      }
      let access = AlbumAccess(album: try #require(try await server.store.album(slug: slug)), token: token)
      let hash = try await publish(to: access, on: server)

      for (operation, path, token) in [
        ("GET \(albums)", albums, server.administrator), ("GET \(album)", "\(albums)/\(slug)", nil),
        ("GET \(album)/originals/{sha256}", "\(albums)/\(slug)/originals/\(hash)", token),
      ] as [(String, String, String?)] {
        _ = try await check(operation, path, 200, token: token)
      }
      let page = try await check("GET \(album)/frames", "\(albums)/\(slug)/frames?limit=1", 200)
      #expect(page.members["next"]?.types.first == "integer", "there is another page")
      _ = try await check("GET \(album)/frames", "\(albums)/\(slug)/frames", 200)

      for (operation, path, status, token, body) in [
        ("POST \(albums)", albums, 400, server.administrator, "{}"), ("GET \(albums)", albums, 401, nil, nil),
        ("GET \(albums)", albums, 403, token, nil), ("GET \(album)", "\(albums)/nothing", 404, nil, nil),
        ("GET \(album)/frames", "\(albums)/\(slug)/frames?limit=0", 400, nil, nil),
        ("GET /media/{slug}/{file}", "/media/\(slug)/x.jpg", 404, nil, nil),
      ] as [(String, String, Int, String?, String?)] {
        _ = try await check(operation, path, status, token: token, body: body)
      }

      // The events' data are frames: one with all that can be known, one with hardly anything.
      let frames = try await events(of: slug, upTo: server.frames(of: access).count, on: server)
      let schema = try #require(api.named("frame"))
      for frame in frames { #expect(api.faults(in: frame, as: schema, at: "event") == []) }
      let said = frames.flatMap { $0.members.filter { $0.value.types != ["null"] }.keys }
      #expect(Set(said) == api.properties(of: "frame"), "each key was compared with a value")
    }
  }

  @Test("What is not as it is described is found")
  func faults() throws {
    let api = OpenAPI(
      yaml: """
        components:
          schemas:
            thing:
              type: object
              required:
                [a,
                 b]
              properties:
                a: {type: [string, "null"], pattern: "^[0-9]+$"}
                b:
                  type: array
                  items: {$ref: "#/components/schemas/other"}
            other: {type: integer}
        """)
    let schema = try #require(api.named("thing"))
    for (json, faults) in [
      (#"{"a": "12", "b": [1]}"#, []), (#"{"a": null, "b": []}"#, []),
      (#"{"a": "x", "b": []}"#, ["/a: is x"]), (#"{"a": null}"#, [": lacks b"]),
      (
        #"{"a": 1, "b": [1.5], "c": 0}"#,
        [
          "/a: is integer and not string or null", "/b/0: is number and not integer",
          ": has c, which is not described",
        ]
      ),
    ] {
      let value = try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8))
      #expect(api.faults(in: value, as: schema) == faults)
    }
  }

  /// Publishes a frame of which everything is known, and one of which hardly anything is.
  /// - Returns: the SHA-256 of the first one's original.
  private func publish(to access: AlbumAccess, on server: RunningServer) async throws -> String {
    let svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 6 4\"><circle r=\"2\" fill=\"#080\"/></svg>"
    let picture = try SceneEncoder.jpeg(svg: svg, width: 900, height: 600, quality: 85, grain: 2, exif: [:])
    let facts = PictureFacts(
      capturedAt: "2026-11-23T14:03:07.250+08:00", width: 900, height: 600, camera: "Canon EOS R5",
      lens: "RF24-70mm F2.8 L IS USM", exposureTime: "1/250 s", aperture: "f/2.8", iso: 400,
      focalLength: 35.5,
      rating: 3)
    try await server.upload(
      picture, to: access,
      metadata: UploadMetadata(filename: "IMG_1.JPG", filetype: "image/jpeg", facts: facts))
    try await server.upload(SampleBytes.jpeg(50), to: access)
    try await server.waitUntilRendered()
    return ContentHash(of: picture).hex
  }

  /// The data of the first events of an album.
  private func events(of slug: String, upTo count: Int, on server: RunningServer) async throws -> [JSONValue]
  {
    try await RawConnection.with(port: server.port) { connection in
      try await connection.send(
        "GET /api/v1/albums/\(slug)/events?last_event_id=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
      var (text, data) = ("", [Substring]())
      while data.count < count {
        let more = try await connection.read(until: "\n\n")
        guard !more.isEmpty else { throw RunningServer.Failure("the stream of events ended") }
        text += more
        data = text.split(separator: "\n").filter { $0.hasPrefix("data: ") }
      }
      return try data.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.dropFirst(6).utf8)) }
    }
  }
}
