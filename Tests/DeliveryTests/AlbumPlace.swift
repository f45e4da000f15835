import AlbumServer
import Curl
import Foundation
import Logging
import Model
import ServiceLifecycle
import TestServers

@testable import Delivery

/// An album of an album server of this process, which goes when the test is over.
struct AlbumPlace: Sendable {
  let store: AlbumStore
  let access: AlbumAccess
  let port: UInt16
  let folder: TemporaryFolder

  static func with(_ body: @escaping @Sendable (AlbumPlace) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await AlbumStore.open(folder.path)
    let (ports, ready) = AsyncStream.makeStream(of: Int.self)
    let configuration = try AlbumServerConfiguration(host: "127.0.0.1", port: 0) { ready.yield($0) }
    let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
    let group = ServiceGroup(
      services: [AlbumServer(store: store, configuration: configuration, logger: logger)], logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { ready.finish() }
        try await group.run()
      }
      if let port = await ports.first(where: { _ in true }) {
        try await body(
          AlbumPlace(
            store: store, access: try await store.createAlbum(named: "Party"), port: UInt16(port),
            folder: folder))
      }
      await group.triggerGracefulShutdown()
      try await tasks.waitForAll()
    }
  }

  /// - Parameter relay: before the server.
  func endpoint(over relay: Relay? = nil) -> TusEndpoint {
    var address = URLComponents()
    address.scheme = "http"
    address.host = "127.0.0.1"
    address.port = Int(relay?.port ?? port)
    address.path = "/api/v1/albums/\(access.album.slug)/uploads"
    return TusEndpoint(creation: address.url ?? URL(filePath: "/"), token: access.token)
  }

  /// Whether the album has an original with these bytes, all of them: the server has checked their hash.
  func has(_ bytes: Data) async throws -> Bool {
    let hash = ContentHash(of: bytes)
    return try await store.bytesHeld(inAlbum: "Party", frame: hash, kind: .original, sha256: hash)
      == Int64(bytes.count)
  }

  /// The uploads that are under way or left.
  func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path + "/uploads")
  }
}
