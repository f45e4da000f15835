import Foundation
import HTTPTypes
import HummingbirdTesting
import Model
import SystemPackage
import TestServers
import Testing

@testable import AlbumServer

/// Files that come in parallel parts (tus 1.0, "Concatenation").
@Suite struct ConcatenationTests {
  /// Sends a part as an upload of its own.
  private func part(
    _ bytes: [UInt8], of whole: [UInt8], to access: AlbumAccess, on server: RunningServer
  ) async throws -> String {
    let answer = try await server.tus(
      .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
      headers: [
        .uploadLength: String(bytes.count), .uploadConcat: "partial",
        .uploadMetadata: UploadMetadata(sha256: ContentHash(of: whole)).header,
      ])
    try #require(answer.status == .created)
    let path = try #require(answer.headers[.location])
    let sent = try await server.tus(
      .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: bytes)
    try #require(sent.status == .noContent)
    return path
  }

  private func join(
    _ parts: [String], to access: AlbumAccess, on server: RunningServer,
    metadata: UploadMetadata = UploadMetadata()
  ) async throws -> TestClient.Response {
    try await server.tus(
      .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
      headers: [
        .uploadConcat: "final;" + parts.joined(separator: " "), .uploadMetadata: metadata.header,
      ])
  }

  @Test(
    "Parts that came in any order make one file in theirs; nothing of them stays, and asking again changes nothing"
  )
  func joins() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(700_000)
      let metadata = UploadMetadata(filename: "IMG_1.JPG", sha256: ContentHash(of: bytes))
      let last = try await part(Array(bytes[500_000...]), of: bytes, to: access, on: server)
      let first = try await part(Array(bytes[..<500_000]), of: bytes, to: access, on: server)
      #expect(try await server.frames(of: access).isEmpty)
      let head = try await server.tus(.head, first, token: access.token)
      #expect(head.headers[.uploadConcat] == "partial")
      let made = try await join([first, last], to: access, on: server, metadata: metadata)
      #expect(made.status == .created)
      #expect(made.headers[.uploadOffset] == "700000")
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.frame == ContentHash(of: bytes))
      #expect(frame.name == "IMG_1.JPG")
      #expect(try await server.send(.get, try #require(frame.original)).bytes == bytes)
      #expect(try await server.tus(.head, first, token: access.token).status == .notFound)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)

      let final = try await server.tus(
        .head, try #require(made.headers[.location]), token: access.token)
      #expect(final.headers[.uploadConcat] == "final;\(first) \(last)")
      #expect(final.headers[.uploadLength] == "700000")
      let patched = try await server.tus(
        .patch, try #require(made.headers[.location]), token: access.token,
        headers: [.uploadOffset: "700000"], body: [])
      #expect(patched.status == .forbidden)
      // The answer was lost: the parts are gone by now, and the album has the content.
      let again = try await join([first, last], to: access, on: server, metadata: metadata)
      #expect(again.status == .created)
      #expect(again.headers[.uploadOffset] == "700000")
      #expect(try await server.frames(of: access).map(\.seq) == [1])
    }
  }

  @Test("Who asks again while the parts are being joined waits, and hears that the file is there")
  func joinsTwice() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let metadata = UploadMetadata(sha256: ContentHash(of: bytes))
      let last = try await part(Array(bytes[600...]), of: bytes, to: access, on: server)
      let first = try await part(Array(bytes[..<600]), of: bytes, to: access, on: server)
      // Turns are taken in this order.
      let id = try #require(
        [first, last].compactMap { UploadID(String($0.suffix(32))) }.min { $0.text < $1.text })
      try await withThrowingTaskGroup(of: Void.self) { group in
        // Until both are there nobody has a turn.
        try await server.server.desk.turns.take(id) {
          for _ in 0..<2 {
            group.addTask {
              let made = try await join([first, last], to: access, on: server, metadata: metadata)
              #expect(made.status == .created)
              #expect(made.headers[.uploadOffset] == "1000")
            }
          }
          try await server.wait(until: "both wait for a part") {
            await server.server.desk.turns.waiting(for: id) == 2
          }
        }
        try await group.waitForAll()
      }
      #expect(try await server.frames(of: access).map(\.seq) == [1])
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("Stopping does not wait until a large file is made of its parts, which stay")
  func stopping() async throws {
    let folder = try TemporaryFolder()
    let access = try await AlbumStore.open(folder.path).createAlbum(named: "a")
    let guest = try await RunningServer.with(in: folder) {
      $0.shutdownGrace = .milliseconds(50)
    } _: { server in
      // A clip's worth of nothing, which takes no room until it is copied.
      let length: Int64 = 2 << 30
      let part = UploadRow(
        id: UploadID(), album: access.album.id, length: length, metadata: UploadMetadata(),
        metadataHeader: "",
        concatenation: UploadRow.partial, expiresAt: .distantFuture)
      var whole = part
      whole.offset = length
      try await server.store.save(whole)
      try StoredFile(upload: server.store.folder.upload(part.id), offset: 0).truncate(to: length)
      let connection = try await RawConnection.open(port: server.port)
      try await connection.send(
        """
        POST /api/v1/albums/\(access.album.slug)/uploads HTTP/1.1\r
        Host: localhost\r
        Authorization: Bearer \(access.token)\r
        Tus-Resumable: 1.0.0\r
        Upload-Concat: final;/\(part.id)\r
        Content-Length: 0\r
        \r

        """)
      let uploads = server.store.folder.uploads.string
      try await server.wait(until: "the parts are being copied") {
        try FileManager.default.contentsOfDirectory(atPath: uploads).contains { name in
          let copy = try FileManager.default.attributesOfItem(atPath: "\(uploads)/\(name)")
          return name != part.id.text && copy[.size] as? Int64 ?? 0 > 0
        }
      }
      return connection
    }
    try await guest.close()
    let store = try await AlbumStore.open(folder.path)
    #expect(try await store.frames(of: access.album, after: 0, limit: 1).isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/uploads")
    #expect(names.count == 1)
    let id = try #require(names.first.flatMap { UploadID($0) })
    #expect(try await store.upload(id, album: access.album.id)?.isComplete == true)
  }

  @Test("Parts of what the album has already go when they are joined, and change nothing")
  func known() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let metadata = UploadMetadata(sha256: ContentHash(of: bytes))
      try await server.upload(bytes, to: access, metadata: metadata)
      let first = try await part(Array(bytes[..<600]), of: bytes, to: access, on: server)
      let last = try await part(Array(bytes[600...]), of: bytes, to: access, on: server)
      let made = try await join([first, last], to: access, on: server, metadata: metadata)
      #expect(made.headers[.uploadOffset] == "1000")
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
      #expect(try await server.frames(of: access).map(\.seq) == [1])
    }
  }

  @Test("Parts that are not whole, not there, not parts or another file's are 400, and stay as they are")
  func refusals() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let metadata = UploadMetadata(sha256: ContentHash(of: bytes))
      let whole = try await part(Array(bytes[..<600]), of: bytes, to: access, on: server)
      let torn = try await server.tus(
        .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
        headers: [.uploadLength: "400", .uploadConcat: "partial"])
      let unfinished = try #require(torn.headers[.location])
      let plain = try await server.create(access, length: 10)
      for others in [[unfinished], [plain], ["/files/\(UploadID())"], [whole], ["nothing"], []] {
        let answer = try await join([whole] + others, to: access, on: server, metadata: metadata)
        let isAlone = others.isEmpty
        // Alone it is whole, but not the file that it says to be.
        #expect(answer.status.code == (isAlone ? 460 : 400), "\(others)")
      }
      let other = UploadMetadata(sha256: ContentHash(of: Data([1])))
      #expect(try await join([whole], to: access, on: server, metadata: other).status == .badRequest)
      #expect(try await server.offset(of: whole, access) == "600")
      #expect(try await server.frames(of: access).isEmpty)
      let stranger = try await server.store.createAlbum(named: "b")
      #expect(try await join([whole], to: stranger, on: server).status == .badRequest)
    }
  }

  @Test("A part outlives the tidying of leftovers, and expires like any upload")
  func expiry() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await part(Array(bytes[..<600]), of: bytes, to: access, on: server)
      let id = try #require(UploadID(String(path.suffix(32))))
      let file = server.store.folder.upload(id).string
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -200_000)], ofItemAtPath: file)
      #expect(try await server.store.dropExpiredUploads() == 0)
      #expect(FileManager.default.fileExists(atPath: file))
      #expect(try await server.store.dropExpiredUploads(now: .distantFuture) == 1)
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  @Test("Upload-Concat is partial, or final with addresses of which each ends in an upload's name")
  func header() {
    let (one, two) = (UploadID(), UploadID())
    #expect(TusConcatenation(header: "partial") == .partial)
    #expect(
      TusConcatenation(header: "final;/files/\(one) https://example.org/a/\(two)") == .final([one, two]))
    for wrong in ["", "final", "final;", "final;/files/1", "final;\(one) \(one)", "Partial", "final;\(one)/"]
    {
      #expect(TusConcatenation(header: wrong) == nil, "\(wrong)")
    }
  }

  @Test(
    "An independent client sends a file in four parallel parts",
    .enabled("resumable-upload is installed (scripts/test-venv.sh)") { Python.isThere })
  func independentClient() async throws {
    let folder = try TemporaryFolder()
    try await RunningServer.with(in: folder) { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1_000_000)
      let program = """
        import sys
        from resumable_upload import TusClient
        url, token, path = sys.argv[1:]
        client = TusClient(url, chunk_size=100_000, checksum="sha256", headers={"Authorization": "Bearer " + token})
        client.upload_file(path, metadata={"filename": "IMG_0001.JPG"}, parallel_uploads=4)
        print("done")
        """
      let output = try await Python.upload(bytes, by: program, to: access, of: server, in: folder)
      #expect(output == "done\n")
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.frame == ContentHash(of: bytes))
      #expect(frame.name == "IMG_0001.JPG")
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }
}
