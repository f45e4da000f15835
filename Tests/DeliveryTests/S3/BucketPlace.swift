import Curl
import Foundation
import Model

@testable import Delivery

/// An album of a test's own in a store.
struct BucketPlace {
  let store: ObjectStoreProcess
  let prefix: String
  let album: String
  let destination: DeliveryDestination
  let albums: BucketAlbums

  /// The stores that are running, each started by the first test that needs it, since that takes seconds.
  private actor Stores {
    private var running: [ObjectStoreProcess.Kind: Task<ObjectStoreProcess, any Error>] = [:]

    func store(_ kind: ObjectStoreProcess.Kind) async throws -> ObjectStoreProcess {
      if let task = running[kind] { return try await task.value }
      let task = Task { try await ObjectStoreProcess.start(kind) }
      running[kind] = task
      return try await task.value
    }
  }

  private static let stores = Stores()

  static func store(_ kind: ObjectStoreProcess.Kind) async throws -> ObjectStoreProcess {
    try await stores.store(kind)
  }

  /// - Parameters:
  ///   - port: of a relay before the store, for what is delivered.
  ///   - isMade: whether the album is there.
  init(_ kind: ObjectStoreProcess.Kind, port: UInt16? = nil, isMade: Bool = true) async throws {
    store = try await Self.store(kind)
    prefix = "event \(UUID().uuidString)"
    album = "s3://party/\(prefix)"
    let near = BucketDestination(
      location: try store.location(), credentials: ObjectStoreProcess.credentials, prefix: prefix)
    var far = near
    far.location = try store.location(port: port)
    destination = DeliveryDestination(album: album, place: .bucket(far))
    albums = BucketAlbums(near, curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")))
    guard isMade else { return }
    try await albums.create(
      BucketAlbum(name: "Anna 和 Jan", url: "http://guests.example", createdAt: "2026-11-23T00:00:00.000Z"),
      page: [.init(path: "index.html", bytes: Array("<p>".utf8), mediaType: "text/html", isImmutable: false)])
  }

  func key(_ path: String) -> String { "\(prefix)/\(path)" }
}
