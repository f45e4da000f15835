import Foundation
import HTTPTypes
import HummingbirdTesting
import Model
import SystemPackage
import TestServers
import Testing

@testable import AlbumServer

@Suite("Whether an original is held")
struct OriginalTests {
  @Test("The server says so after it has looked at the bytes, to whoever may upload")
  func held() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "Party")
      let bytes = SampleBytes.jpeg(5000)
      let uploads = "/api/v1/albums/\(access.album.slug)/uploads"
      let token = access.token
      let uploaded = try await server.tus(
        .post, uploads, token: token, headers: [.uploadLength: "5000"], body: bytes)
      #expect(uploaded.status == .created)
      let hash = ContentHash(of: Data(bytes))
      let path = "/api/v1/albums/\(access.album.slug)/originals/\(hash.hex)"

      let held = try await server.send(.get, path, token: token)
      #expect(held.status == .ok)
      #expect(held.text.contains(hash.hex))
      #expect(held.headers[.eTag] == "\"\(hash.hex)\"")
      #expect(try await server.send(.get, path).status == .unauthorized)
      let other = path.replacing(hash.hex, with: ContentHash(of: Data("other".utf8)).hex)
      #expect(try await server.send(.get, other, token: token).status == .notFound)
      #expect(try await server.send(.get, path + "0", token: token).status == .notFound)

      // A byte that the disk lost.
      var damaged = bytes
      damaged[4000] ^= 1
      let file = URL(
        fileURLWithPath: "\(server.folder)/content/\(hash.hex.prefix(2))/\(hash.hex.dropFirst(2))")
      try Data(damaged).write(to: file)
      #expect(try await server.send(.get, path, token: token).status == .internalServerError)
      try FileManager.default.removeItem(at: file)
      #expect(try await server.send(.get, path, token: token).status != .ok)
    }
  }

  @Test("A file is hashed a piece at a time, and not to its end for nobody")
  func pieces() async throws {
    let folder = try TemporaryFolder()
    let path = FilePath(folder.path + "/clip")
    let bytes = SampleBytes.jpeg(10_000)
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: path.string))
    let file = try StoredFile(upload: path, offset: 10_000)
    #expect(try await file.hashInPieces() == ContentHash(of: bytes))
    try file.truncate(to: 1 << 40)
    let hashing = Task { try await file.hashInPieces() }
    hashing.cancel()
    await #expect(throws: CancellationError.self) { try await hashing.value }
  }
}
