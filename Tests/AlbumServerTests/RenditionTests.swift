import Foundation
import HTTPTypes
import HummingbirdCore
import HummingbirdTesting
import Model
import NIOCore
import Pictures
import TestServers
import Testing

@testable import AlbumServer

/// What a plain tus client sends has no renditions: the server makes them.
@Suite struct RenditionTests {
  private func scene(width: Int, height: Int) throws -> [UInt8] {
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">
        <rect width="600" height="400" fill="#224466"/><circle cx="450" cy="300" r="80" fill="#00ff00"/>
      </svg>
      """
    return try SceneEncoder.jpeg(svg: svg, width: width, height: height, quality: 85, grain: 2, exif: [:])
  }

  /// Publishes an original, and then nothing more happens.
  private func publish(_ bytes: [UInt8], to access: AlbumAccess, in store: AlbumStore) async throws {
    let desk = UploadDesk(store: store, lifetime: 3600, maxSize: 1 << 30, onOriginal: {})
    let creation = Tus.Creation(
      length: Int64(bytes.count), metadata: UploadMetadata(), hasBody: true, bodyLength: Int64(bytes.count))
    _ = try await desk.create(creation, in: access.album, body: .init(buffer: .init(bytes: bytes)))
  }

  @Test("An original from a plain client gets its thumbnail, preview and facts")
  func rendered() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = try scene(width: 3000, height: 2000)
      try await server.upload(bytes, to: access, metadata: UploadMetadata(filename: "IMG_1.JPG"))
      try await server.waitUntilRendered()
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.name == "IMG_1.JPG")
      #expect(frame.facts.width == 3000)
      #expect(frame.frame == ContentHash(of: bytes))
      for url in [frame.thumbnail, frame.preview] {
        let rendition = try await server.send(.get, try #require(url))
        #expect(rendition.headers[.contentType] == "image/jpeg")
        #expect(rendition.headers[.contentDisposition] == nil)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: server.folder + "/uploads").isEmpty)
    }
  }

  @Test("What cannot be rendered stays an original, and is not tried again")
  func unrenderable() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      try await server.upload(SampleBytes.jpeg(5000), to: access)
      try await server.waitUntilRendered()
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.seq == 1)
      #expect(frame.original != nil && frame.thumbnail == nil)
    }
  }

  @Test("An original that the disk does not give now is rendered when it does, and holds no other up")
  func ailingDisk() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let access = try await store.createAlbum(named: "a")
    let bytes = try scene(width: 900, height: 600)
    try await publish(bytes, to: access, in: store)
    // In the place of the content: nothing that can be read as a file.
    let content = "\(store.folder.content(ContentHash(of: bytes)))"
    try FileManager.default.removeItem(atPath: content)
    try FileManager.default.createDirectory(atPath: content, withIntermediateDirectories: true)
    let soon: (inout AlbumServerConfiguration) -> Void = { $0.renditionPause = .milliseconds(20) }
    let other = try scene(width: 800, height: 600)
    try await RunningServer.with(in: folder, soon) { server in
      try await server.upload(other, to: access)
      try await server.wait(until: "the other is rendered") {
        try await server.frames(of: access).contains { $0.preview != nil }
      }
      #expect(try await server.store.totals().lackingRenditions == 1)
      try FileManager.default.removeItem(atPath: content)
      try Data(bytes).write(to: URL(filePath: content))
      try await server.waitUntilRendered()
      #expect(try await server.frames(of: access).allSatisfy { $0.preview != nil })
    }
  }

  @Test("What a crash left to be rendered is found again at the start")
  func afterCrash() async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let access = try await store.createAlbum(named: "a")
    let bytes = try scene(width: 900, height: 600)
    try await publish(bytes, to: access, in: store)
    #expect(try await store.totals().lackingRenditions == 1)
    try await RunningServer.with(in: folder) { server in
      try await server.waitUntilRendered()
      #expect(try await server.frames(of: access).first?.preview != nil)
    }
  }
}
