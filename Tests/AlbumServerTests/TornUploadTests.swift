import Crypto
import Foundation
import HTTPTypes
import HummingbirdTesting
import Model
import SystemPackage
import TestServers
import Testing

@testable import AlbumServer

/// Connections that break, on real sockets.
@Suite struct TornUploadTests {
  private func patch(
    _ path: String, _ access: AlbumAccess, offset: Int, length: Int, more: String = ""
  ) -> String {
    """
    PATCH \(path) HTTP/1.1\r
    Host: localhost\r
    Authorization: Bearer \(access.token)\r
    Tus-Resumable: 1.0.0\r
    Content-Type: application/offset+octet-stream\r
    Upload-Offset: \(offset)\r
    Content-Length: \(length)\r
    \(more)\r

    """
  }

  @Test("A torn body keeps every byte that arrived, and the rest completes it")
  func torn() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(400_000)
      let path = try await server.create(access, length: bytes.count)
      try await RawConnection.with(port: server.port) { connection in
        try await connection.send(patch(path, access, offset: 0, length: bytes.count))
        try await connection.send(Array(bytes[..<300_000]))
        try await server.waitUntilReceived(300_000)
      }
      let offset = try #require(try await server.offset(of: path, access).flatMap { Int($0) })
      #expect(offset == 300_000)
      let rest = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: String(offset)],
        body: Array(bytes[offset...]))
      #expect(rest.status == .noContent)
      #expect(try await server.frames(of: access).first?.frame == ContentHash(of: bytes))
    }
  }

  @Test("A PATCH that hangs half-open locks nobody out: HEAD cuts it off and tells what it brought")
  func halfOpen() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: bytes.count)
      try await RawConnection.with(port: server.port) { hanging in
        try await hanging.send(patch(path, access, offset: 0, length: bytes.count))
        try await hanging.send(Array(bytes[..<400]))
        // The other end stays open and silent, as after a change of networks.
        try await server.waitUntilReceived(400)
        let offset = try #require(try await server.offset(of: path, access).flatMap { Int($0) })
        #expect(offset == 400)
        try await hanging.closed()
        let answer = try await server.tus(
          .patch, path, token: access.token, headers: [.uploadOffset: String(offset)],
          body: Array(bytes[offset...]))
        #expect(answer.status == .noContent)
      }
      #expect(try await server.frames(of: access).first?.frame == ContentHash(of: bytes))
    }
  }

  @Test("The newer of two PATCHes wins; the older is cut off and what it brought is kept")
  func newerWins() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: bytes.count)
      try await RawConnection.with(port: server.port) { hanging in
        try await hanging.send(patch(path, access, offset: 0, length: bytes.count))
        try await server.waitUntilUploading()
        let answer = try await server.tus(
          .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: bytes)
        #expect(answer.status == .noContent)
        try await hanging.closed()
      }
      #expect(try await server.frames(of: access).count == 1)
    }
  }

  @Test("A torn piece of a checked chunk is thrown away, unless the whole file is checked at its end")
  func tornChecked() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let digest = Data(SHA256.hash(data: bytes)).base64EncodedString()
      let more = "Upload-Checksum: sha256 \(digest)\r\n"
      var total: Int64 = 0
      for (sha256, kept) in [(nil, "0"), (ContentHash(of: bytes), "400")] {
        let path = try await server.create(
          access, length: bytes.count, metadata: UploadMetadata(sha256: sha256))
        try await RawConnection.with(port: server.port) { connection in
          try await connection.send(patch(path, access, offset: 0, length: 1000, more: more))
          try await connection.send(Array(bytes[..<400]))
          total += 400
          try await server.waitUntilReceived(total)
        }
        #expect(try await server.offset(of: path, access) == kept)
      }
    }
  }

  @Test("A server that is stopped cuts a hanging PATCH off; the next one goes on where it was")
  func restart() async throws {
    let folder = try TemporaryFolder()
    let bytes = SampleBytes.jpeg(100_000)
    let (access, path) = try await RunningServer.with(in: folder) { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: bytes.count)
      try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: Array(bytes[..<50_000]))
      return (access, path)
    }
    try await RunningServer.with(in: folder) { server in
      #expect(try await server.offset(of: path, access) == "50000")
      // This process has not seen the first half: it is read back for the hash.
      let answer = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "50000"], body: Array(bytes[50_000...]))
      #expect(answer.status == .noContent)
      #expect(try await server.frames(of: access).first?.frame == ContentHash(of: bytes))
    }
  }

  @Test("Stopping does not wait for a body that never ends")
  func stopping() async throws {
    let folder = try TemporaryFolder()
    let bytes = SampleBytes.jpeg(1000)
    let (access, path) = try await RunningServer.with(in: folder) { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.create(access, length: 1000)
      let connection = try await RawConnection.open(port: server.port)
      try await connection.send(patch(path, access, offset: 0, length: 1000))
      try await connection.send(Array(bytes[..<400]))
      try await server.waitUntilReceived(400)
      return (access, path)
    }
    try await RunningServer.with(in: folder) { server in
      let offset = try await server.offset(of: path, access)
      #expect(offset == "400")
    }
  }

  @Test(
    "An upload that was adopted and not written down is published as it is, and nothing writes to it any more"
  )
  func adopted() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let other = try await server.store.createAlbum(named: "b")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: 1000)
      try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: Array(bytes[..<500]))
      // The last bytes came and the file got its place; then the power went.
      let id = try #require(UploadID(String(path.split(separator: "/").last ?? "")))
      let (folder, hash) = (server.store.folder, ContentHash(of: bytes))
      try Data(bytes).write(to: URL(filePath: "\(folder.upload(id))"))
      try folder.adopt(folder.upload(id), as: hash)
      // Meanwhile the same bytes come into another album, which shows the very same file.
      try await server.upload(bytes, to: other)
      let answer = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "500"], body: Array(bytes[500..<700]))
      #expect(answer.status == .noContent)
      #expect(answer.headers[.uploadOffset] == "1000")
      for album in [access, other] {
        let frame = try #require(try await server.frames(of: album).first)
        let shown = try await server.send(.get, try #require(frame.original))
        #expect(ContentHash(of: shown.bytes) == hash)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test(
    "An unfinished upload to which somebody gave another name goes on by itself, and that file stays as it is"
  )
  func linked() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let (bytes, folder) = (SampleBytes.jpeg(1000), server.store.folder)
      // A snapshot of the folder; and equal files joined, where one is published that is the other's beginning.
      let half = Array(bytes[..<500])
      let snapshot = folder.root.appending("snapshot")
      try await server.upload(half, to: try await server.store.createAlbum(named: "b"))
      for other in [snapshot, folder.content(ContentHash(of: half))] {
        let path = try await server.create(access, length: 1000)
        try await server.tus(.patch, path, token: access.token, headers: [.uploadOffset: "0"], body: half)
        let file = folder.upload(try #require(UploadID(String(path.suffix(32))))).string
        if other == snapshot {
          try FileManager.default.linkItem(atPath: file, toPath: other.string)
        } else {
          try FileManager.default.removeItem(atPath: file)
          try FileManager.default.linkItem(atPath: other.string, toPath: file)
        }
        let seen = try await server.frames(of: access)
        let more = try await server.tus(
          .patch, path, token: access.token, headers: [.uploadOffset: "500"], body: Array(bytes[500..<700]))
        #expect(more.headers[.uploadOffset] == "700")
        #expect(try await server.frames(of: access) == seen)
        let rest = try await server.tus(
          .patch, path, token: access.token, headers: [.uploadOffset: "700"], body: Array(bytes[700...]))
        #expect(rest.headers[.uploadOffset] == "1000")
        #expect(try await server.frames(of: access).map(\.frame) == [ContentHash(of: bytes)])
        #expect(try Data(contentsOf: URL(filePath: other.string)) == Data(half))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("Bytes on the disk that were never acknowledged are not counted, and those that are missing are told")
  func diskAndDatabase() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1000)
      let path = try await server.create(access, length: 1000)
      let file = server.folder + "/uploads/" + (path.split(separator: "/").last ?? "")
      try Data(repeating: 1, count: 700).write(to: URL(filePath: file))
      #expect(try await server.offset(of: path, access) == "0")
      let first = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "0"], body: Array(bytes[..<500]))
      #expect(first.status == .noContent)
      try FileManager.default.removeItem(atPath: file)
      let second = try await server.tus(
        .patch, path, token: access.token, headers: [.uploadOffset: "500"], body: Array(bytes[500...]))
      #expect(second.status == .gone)
      #expect(try await server.tus(.head, path, token: access.token).status == .notFound)
    }
  }
}
