import Crypto
import Foundation
import HTTPTypes
import HummingbirdCore
import HummingbirdTesting
import Model
import NIOCore
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import AlbumServer

/// Uploads over HTTP, as a client sees them.
@Suite struct UploadTests {
  @Test("A file that comes in several requests is published with its bytes")
  func chunks() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(700_000)
      let path = try await server.create(
        access, length: bytes.count, metadata: UploadMetadata(filename: "IMG_1.JPG", filetype: "image/jpeg"))
      #expect(try await server.offset(of: path, access) == "0")
      for start in stride(from: 0, to: bytes.count, by: 300_000) {
        let end = min(start + 300_000, bytes.count)
        let answer = try await server.tus(
          .patch, path, token: access.token, headers: [.uploadOffset: String(start)],
          body: Array(bytes[start..<end]))
        #expect(answer.status == .noContent)
        #expect(answer.headers[.uploadOffset] == String(end))
        #expect(answer.headers[.uploadExpires] != nil)
        #expect(answer.headers[.date] != nil)
      }
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.frame == ContentHash(of: bytes))
      #expect(frame.name == "IMG_1.JPG")
      #expect(frame.bytes == 700_000)
      let media = try await server.send(.get, try #require(frame.original))
      #expect(media.bytes == bytes)
      #expect(media.headers[.contentDisposition]?.contains("IMG_1.JPG") == true)
      // The last acknowledgement may be lost: HEAD says that all is there, and an empty PATCH does no harm.
      let head = try await server.tus(.head, path, token: access.token)
      #expect(head.headers[.uploadOffset] == "700000")
      #expect(head.headers[.cacheControl] == "no-store")
      let empty = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "700000"], body: [])
      #expect(empty.status == .noContent)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("A rendition comes in one request, and then its original; each is a change of one frame")
  func creationWithUpload() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let original = SampleBytes.jpeg(5000)
      let frame = ContentHash(of: original)
      let thumbnail = SampleBytes.jpeg(500, seed: 2)
      let facts = PictureFacts(width: 6000, height: 4000, camera: "Canon EOS R5")
      let answer = try await server.upload(
        thumbnail, to: access,
        metadata: UploadMetadata(
          filename: "IMG_7.CR3", kind: .thumbnail, frame: frame, sha256: ContentHash(of: thumbnail),
          originalBytes: 5000, facts: facts))
      #expect(answer.status == .created)
      #expect(answer.headers[.uploadOffset] == "500")
      var shown = try #require(try await server.frames(of: access).first)
      #expect(shown.seq == 1)
      #expect(shown.name == "IMG_7.CR3")
      #expect(shown.mediaType == "image/x-canon-cr3")
      #expect(shown.bytes == 5000)
      #expect(shown.facts == facts)
      #expect(shown.original == nil)
      try await server.upload(original, to: access, metadata: UploadMetadata(kind: .original, frame: frame))
      shown = try #require(try await server.frames(of: access).first)
      #expect(shown.seq == 2)
      #expect(shown.thumbnail != nil && shown.original != nil && shown.preview == nil)
      let media = try await server.send(.get, try #require(shown.thumbnail))
      #expect(media.headers[.contentDisposition] == nil)
      #expect(media.bytes == thumbnail)
    }
  }

  @Test("A frame that another laptop names by its other original is the same frame")
  func otherOriginal() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let raw = Array("II*\u{0}RAW".utf8) + SampleBytes.jpeg(100)
      let jpeg = SampleBytes.jpeg(200, seed: 2)
      func metadata(_ bytes: [UInt8], of first: [UInt8], _ name: String) -> UploadMetadata {
        UploadMetadata(filename: name, frame: ContentHash(of: first), sha256: ContentHash(of: bytes))
      }
      // One has seen the RAW first, the other the JPEG.
      try await server.upload(raw, to: access, metadata: metadata(raw, of: raw, "IMG_1.NEF"))
      try await server.upload(jpeg, to: access, metadata: metadata(jpeg, of: raw, "IMG_1.JPG"))
      let thumbnail = UploadMetadata(filename: "IMG_1.JPG", kind: .thumbnail, frame: ContentHash(of: jpeg))
      try await server.upload(SampleBytes.jpeg(50, seed: 3), to: access, metadata: thumbnail)
      for (bytes, name) in [(jpeg, "IMG_1.JPG"), (raw, "IMG_1.NEF")] {
        let again = try await server.tus(
          .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
          headers: [
            .uploadLength: String(bytes.count), .uploadMetadata: metadata(bytes, of: jpeg, name).header,
          ])
        #expect(again.headers[.uploadOffset] == String(bytes.count), "nothing is left to send")
      }
      // Plain clients name no frame.
      try await server.upload(jpeg, to: access)
      let frames = try await server.frames(of: access)
      #expect(frames.map(\.frame) == [ContentHash(of: raw)])
      #expect(frames.first?.thumbnail != nil)
      #expect(frames.first?.originals.map(\.name) == ["IMG_1.NEF", "IMG_1.JPG"])
    }
  }

  @Test("What the album has already is complete when it is made, and no change")
  func alreadyThere() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(3000)
      let hash = ContentHash(of: bytes)
      let metadata = UploadMetadata(kind: .original, frame: hash, sha256: hash)
      try await server.upload(bytes, to: access, metadata: metadata)
      let again = try await server.tus(
        .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
        headers: [.uploadLength: "3000", .uploadMetadata: metadata.header])
      #expect(again.status == .created)
      #expect(again.headers[.uploadOffset] == "3000")
      #expect(try await server.offset(of: try #require(again.headers[.location]), access) == "3000")
      // Without the hash it has to come again, and changes nothing either.
      try await server.upload(bytes, to: access)
      #expect(try await server.frames(of: access).map(\.seq) == [1])
    }
  }

  @Test(
    "What the album knows and its disk has lost or cut short is taken again, whole or in parts, and changes no frame",
    arguments: [false, true], [nil, 10])
  func lostContent(inParts: Bool, left: Int?) async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(3000)
      let hash = ContentHash(of: bytes)
      let metadata = UploadMetadata(kind: .original, frame: hash, sha256: hash)
      try await server.upload(bytes, to: access, metadata: metadata)
      let content = server.store.folder.content(hash).string
      try FileManager.default.removeItem(atPath: content)
      if let left { try Data(bytes.prefix(left)).write(to: URL(filePath: content)) }
      let path = "/api/v1/albums/\(access.album.slug)/uploads"
      if inParts {
        let part = try await server.tus(
          .post, path, token: access.token,
          headers: [
            .uploadLength: "3000", .uploadConcat: "partial", .contentType: Tus.contentType,
            .uploadMetadata: UploadMetadata(sha256: hash).header,
          ], body: bytes)
        let joined = try await server.tus(
          .post, path, token: access.token,
          headers: [
            .uploadConcat: "final;\(try #require(part.headers[.location]))", .uploadMetadata: metadata.header,
          ])
        #expect(joined.status == .created)
      } else {
        let again = try await server.tus(
          .post, path, token: access.token,
          headers: [.uploadLength: "3000", .uploadMetadata: metadata.header])
        #expect(again.headers[.uploadOffset] == "0")
        let sent = try await server.tus(
          .patch, try #require(again.headers[.location]), token: access.token,
          headers: [.uploadOffset: "0"], body: bytes)
        #expect(sent.status == .noContent)
      }
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.seq == 1)
      #expect(try await server.send(.get, try #require(frame.original)).bytes == bytes)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("A wrong offset is refused and changes nothing")
  func wrongOffset() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: 100)
      let answer = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "10"], body: SampleBytes.jpeg(50))
      #expect(answer.status == .conflict)
      #expect(answer.headers[.uploadOffset] == "0")
      #expect(try await server.offset(of: path, access) == "0")
    }
  }

  @Test("Without the version, or with another content type, not a byte is kept")
  func refusedBodies() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: 100)
      let fields: HTTPFields = [.uploadOffset: "0", .contentType: Tus.contentType]
      let versionless = try await server.send(
        .patch, path, token: access.token, headers: fields, body: SampleBytes.jpeg(50))
      #expect(versionless.status == .preconditionFailed)
      #expect(versionless.headers[.tusVersion] == "1.0.0")
      let mistyped = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0", .contentType: "image/jpeg"],
        body: SampleBytes.jpeg(50))
      #expect(mistyped.status == .unsupportedMediaType)
      #expect(try await server.offset(of: path, access) == "0")
    }
  }

  @Test("A chunk with a wrong checksum is 460 and thrown away; with the right one it stays")
  func checksums() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: 1000)
      let right = Data(Insecure.SHA1.hash(data: Data(bytes[..<600]))).base64EncodedString()
      let wrong = Data(Insecure.SHA1.hash(data: Data())).base64EncodedString()
      let refused = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0", .uploadChecksum: "sha1 \(wrong)"],
        body: Array(bytes[..<600]))
      #expect(refused.status.code == 460)
      #expect(try await server.offset(of: path, access) == "0")
      let taken = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0", .uploadChecksum: "sha1 \(right)"],
        body: Array(bytes[..<600]))
      #expect(taken.status == .noContent)
      try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "600"], body: Array(bytes[600...]))
      #expect(try await server.frames(of: access).first?.frame == ContentHash(of: bytes))
    }
  }

  @Test("A file that is not the one announced is dropped, and nothing of it is published")
  func wrongFile() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let metadata = UploadMetadata(sha256: ContentHash(of: Data("other".utf8)))
      let answer = try await server.upload(SampleBytes.jpeg(100), to: access, metadata: metadata)
      #expect(answer.status.code == 460)
      #expect(answer.text.contains("thrown away"))
      let path = try await server.create(access, length: 100, metadata: metadata)
      let patched = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: SampleBytes.jpeg(100))
      #expect(patched.status.code == 460)
      #expect(try await server.tus(.head, path, token: access.token).status == .notFound)
      #expect(try await server.frames(of: access).isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("A rendition that no browser shows is refused")
  func renditionOfNoUse() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let metadata = UploadMetadata(filename: "a.jpg", kind: .preview, frame: ContentHash(of: Data([1])))
      let answer = try await server.upload(
        Array("<svg onload=alert(1)>".utf8), to: access, metadata: metadata)
      #expect(answer.status == .unsupportedMediaType)
      #expect(try await server.frames(of: access).isEmpty)
    }
  }

  @Test("An upload can be ended, and an expired one is gone")
  func ending() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: 100)
      #expect(try await server.tus(.delete, path, token: access.token).status == .noContent)
      #expect(try await server.tus(.head, path, token: access.token).status == .notFound)
      let other = try await server.create(access, length: 100)
      try await server.tus(
        .patch, other, token: access.token, headers: [.uploadOffset: "0"], body: SampleBytes.jpeg(10))
      #expect(try await server.store.dropExpiredUploads() == 0)
      #expect(try await server.store.dropExpiredUploads(now: .now.addingTimeInterval(8 * 86_400)) == 1)
      #expect(try await server.tus(.head, other, token: access.token).status == .notFound)
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("HEAD gives the metadata back as they were written, with keys that mean nothing here")
  func metadataAsGiven() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let header = "filename YS5qcGc=,is_confidential"
      let made = try await server.tus(
        .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
        headers: [.uploadLength: "9", .uploadMetadata: header])
      let head = try await server.tus(.head, try #require(made.headers[.location]), token: access.token)
      #expect(head.headers[.uploadMetadata] == header)
    }
  }

  @Test("A full disk is 507; what was acknowledged stays, and the upload goes on when there is room")
  func fullDisk() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: 1000)
      let file = server.folder + "/uploads/" + (path.split(separator: "/").last ?? "")
      // The device that is always full stands in for the file.
      try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: "/dev/full")
      let full = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: bytes)
      #expect(full.status.code == 507)
      #expect(full.headers[.tusResumable] == "1.0.0")
      #expect(try await server.offset(of: path, access) == "0")
      try FileManager.default.removeItem(atPath: file)
      let answer = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: bytes)
      #expect(answer.status == .noContent)
      let huge = try await server.tus(
        .post, "/api/v1/albums/\(access.album.slug)/uploads", token: access.token,
        headers: [.uploadLength: String(15 << 30 as Int64)])
      let room = try server.store.folder.room().free
      #expect(huge.status.code == (room < 15 << 30 ? 507 : 201))
    }
  }

  @Test(
    "Where the room ends in the middle of a body, what was written before is kept and no byte goes beyond it")
  func roomEnds() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let bytes = SampleBytes.jpeg(400_000)
    let path = store.folder.upload(UploadID())
    let asked = Atomic(0)
    let receiver = UploadReceiver(file: try StoredFile(upload: path, offset: 0), length: 400_000) { _ in
    } requireRoom: { _ in
      // Others have filled the disk meanwhile.
      guard asked.add(1, ordering: .relaxed).newValue == 1 else { throw AlbumServerError(.noRoom, "full") }
    }
    let (body, source) = RequestBody.makeStream()
    async let received = receiver.receive(body, announced: 400_000, offset: 0, whole: nil, chunk: nil)
    await source.yield(ByteBuffer(bytes: bytes[..<300_000]))
    await source.yield(ByteBuffer(bytes: bytes[300_000...]))
    source.finish()
    let result = await received
    guard case .failed(let error) = result.ending else { return #expect(Bool(false), "\(result.ending)") }
    #expect(error.code == .noRoom)
    #expect(result.offset == 300_000)
    #expect(try StoredFile(reading: path).length() == 300_000)
  }

  @Test("A POST with X-HTTP-Method-Override is a PATCH")
  func methodOverride() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: 100)
      let answer = try await server.tus(
        .post, path, token: access.token, headers: [.uploadOffset: "0", .methodOverride: "PATCH"],
        body: SampleBytes.jpeg(40))
      #expect(answer.status == .noContent)
      #expect(answer.headers[.uploadOffset] == "40")
    }
  }

  @Test("Tokens open what they are for: none is 401, another album's is 403, an administrator's opens all")
  func tokens() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let other = try await server.store.createAlbum(named: "b")
      let path = "/api/v1/albums/\(access.album.slug)/uploads"
      let headers: HTTPFields = [.uploadLength: "100", .tusResumable: "1.0.0"]
      let without = try await server.send(.post, path, headers: headers)
      #expect(without.status == .unauthorized)
      #expect(without.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
      #expect(without.headers[.tusResumable] == "1.0.0")
      #expect(without.headers[.contentType] == "application/problem+json")
      #expect(try await server.tus(.post, path, token: "nonsense", headers: headers).status == .unauthorized)
      #expect(try await server.tus(.post, path, token: other.token, headers: headers).status == .forbidden)
      #expect(
        try await server.tus(.post, path, token: server.administrator, headers: headers).status == .created)
      let list = "/api/v1/albums"
      #expect(try await server.send(.get, list, token: access.token).status == .forbidden)
      #expect(try await server.send(.get, list).status == .unauthorized)
      #expect(try await server.send(.get, list, token: server.administrator).status == .ok)
    }
  }
}
