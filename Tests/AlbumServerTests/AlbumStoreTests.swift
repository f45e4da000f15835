import Foundation
import GRDB
import Model
import TestServers
import Testing

@testable import AlbumServer

@Suite struct AlbumStoreTests {
  private func publication(
    _ kind: AssetKind, of frame: ContentHash, bytes: [UInt8], in album: Album, facts: PictureFacts? = nil
  ) -> Publication {
    Publication(
      album: album, frame: frame, kind: kind, sha256: ContentHash(of: bytes), bytes: Int64(bytes.count),
      type: ContentType(head: bytes, name: nil), name: "IMG_1.JPG", facts: facts)
  }

  @Test("The database is written with WAL and synchronous = FULL")
  func durable() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let (journal, synchronous) = try await store.write { database in
      (
        try String.fetchOne(database, sql: "PRAGMA journal_mode"),
        try Int.fetchOne(database, sql: "PRAGMA synchronous")
      )
    }
    #expect(journal == "wal")
    #expect(synchronous == 2)
  }

  @Test("A new folder has one administrator token, readable by its owner only, and keeps it")
  func administrator() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let path = folder.path + "/admin-token"
    let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
    #expect(text.count == 43)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try await store.permission(of: Token(text: text), album: nil) == .administrator)
    let again = try await AlbumStore.open(folder.path)
    #expect(try await again.permission(of: Token(text: text), album: nil) == .administrator)
    let raw = try Data(contentsOf: URL(filePath: folder.path + "/albums.sqlite-wal"))
    #expect(raw.range(of: Data(text.utf8)) == nil)
  }

  @Test("A token file that a crash left without its row is used, not replaced")
  func administratorAfterCrash() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    try await store.write { try $0.execute(sql: "DELETE FROM tokens") }
    let text = try String(contentsOfFile: folder.path + "/admin-token", encoding: .utf8)
    let again = try await AlbumStore.open(folder.path)
    let token = Token(text: text.trimmingCharacters(in: .newlines))
    #expect(try await again.permission(of: token, album: nil) == .administrator)
  }

  @Test("An embedded album is found again by its name, with the same token")
  func findOrCreate() async throws {
    let folder = try TemporaryFolder()
    let first = try await AlbumStore.open(folder.path).findOrCreateAlbum(named: "婚礼")
    let store = try await AlbumStore.open(folder.path)
    let second = try await store.findOrCreateAlbum(named: "婚礼")
    #expect(first.album.slug == second.album.slug)
    #expect(first.token == second.token)
    #expect(try await store.permission(of: Token(text: first.token), album: first.album.id) == .album)
    let other = try await store.findOrCreateAlbum(named: "other")
    #expect(other.token != first.token)
    #expect(try await store.permission(of: Token(text: other.token), album: first.album.id) == .another)
    #expect(try await store.permission(of: Token(), album: first.album.id) == .unknown)
    #expect(try await store.albums().map(\.name) == ["other", "婚礼"])
  }

  @Test("The same content for the same frame and kind again changes nothing")
  func idempotent() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let album = try await store.createAlbum(named: "a").album
    let original = SampleBytes.jpeg(100)
    let frame = ContentHash(of: original)
    let thumbnail = publication(.thumbnail, of: frame, bytes: SampleBytes.jpeg(10, seed: 2), in: album)
    #expect(try await store.publish(thumbnail))
    #expect(try await !store.publish(thumbnail))
    let facts = PictureFacts(width: 3, height: 2)
    #expect(
      try await store.publish(publication(.original, of: frame, bytes: original, in: album, facts: facts)))
    #expect(try await !store.publish(publication(.original, of: frame, bytes: original, in: album)))
    let frames = try await store.frames(of: album, after: 0, limit: 10)
    #expect(frames.count == 1)
    #expect(frames.first?.seq == 2)
    #expect(frames.first?.facts == facts)
    #expect(frames.first?.original == "/media/\(album.slug)/\(frame.hex).jpg")
    #expect(try await store.album(slug: album.slug)?.frames == 1)
  }

  @Test("What the server has made never takes the place of what the photographer sent, pictures or facts")
  func madeHere() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let album = try await store.createAlbum(named: "a").album
    let original = SampleBytes.jpeg(100)
    let frame = ContentHash(of: original)
    func made(_ kind: AssetKind, seed: UInt64) -> Publication {
      var publication = publication(
        kind, of: frame, bytes: SampleBytes.jpeg(10, seed: seed), in: album,
        facts: PictureFacts(capturedAt: "2026-11-23T14:03:07", camera: "A"))
      publication.isMadeHere = true
      return publication
    }
    let corrected = PictureFacts(capturedAt: "2026-11-23T15:03:07+01:00")
    try await store.publish(publication(.original, of: frame, bytes: original, in: album, facts: corrected))
    // The server is making both when the photographer's preview arrives.
    let preview = publication(.preview, of: frame, bytes: SampleBytes.jpeg(20, seed: 2), in: album)
    try await store.publish(preview)
    #expect(try await store.publish(made(.thumbnail, seed: 3)))
    #expect(try await !store.publish(made(.preview, seed: 4)))
    let shown = try #require(try await store.frames(of: album, after: 0, limit: 10).first)
    #expect(shown.preview == "/media/\(album.slug)/\(preview.file)")
    #expect(shown.thumbnail != nil)
    #expect(shown.facts == PictureFacts(capturedAt: corrected.capturedAt, camera: "A"))
    #expect(try await store.totals().lackingRenditions == 0)
    #expect(try await store.album(slug: album.slug)?.bytes == 130)
    // What the photographer sends later does take the server's place.
    #expect(
      try await store.publish(
        publication(.thumbnail, of: frame, bytes: SampleBytes.jpeg(30, seed: 5), in: album)))
  }

  @Test("Facts that come later fill what was not known and keep the rest")
  func facts() {
    let known = PictureFacts(width: 3, camera: "A")
    let filled = PictureFacts(camera: "B", iso: 100).filled(from: known)
    #expect(filled == PictureFacts(width: 3, camera: "B", iso: 100))
  }

  @Test("Pages follow each other by sequence numbers")
  func pages() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let album = try await store.createAlbum(named: "a").album
    for seed in 1...5 {
      let bytes = SampleBytes.jpeg(50, seed: UInt64(seed))
      try await store.publish(publication(.original, of: ContentHash(of: bytes), bytes: bytes, in: album))
    }
    let first = try await store.frames(of: album, after: 0, limit: 2)
    #expect(first.map(\.seq) == [1, 2])
    #expect(try await store.frames(of: album, after: 2, limit: 9).map(\.seq) == [3, 4, 5])
  }

  @Test("A folder that cannot be made is said so, with its name")
  func badFolder() async throws {
    let error = await #expect(throws: AlbumServerError.self) {
      _ = try await AlbumStore.open("/proc/nowhere/x")
    }
    #expect(error?.code == .dataFolder)
    #expect(error?.message.contains("/proc/nowhere/x") == true)
  }

  @Test("A database that is none is said so and left as it is")
  func badDatabase() async throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    let path = folder.path + "/albums.sqlite"
    let bytes = Data(repeating: 7, count: 5000)
    try bytes.write(to: URL(filePath: path))
    let error = await #expect(throws: AlbumServerError.self) { _ = try await AlbumStore.open(folder.path) }
    #expect(error?.code == .database)
    #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
  }
}
