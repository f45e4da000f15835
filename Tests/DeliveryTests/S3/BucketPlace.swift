import Curl
import Foundation
import Model
import TestServers

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
    if kind == .rclone { try await makeMediaFolder() }
  }

  /// rclone's server answers 500 to 1 of 150 objects that come at once into a folder that is not there yet
  /// ("Dir.Rename error: file does not exist"; 1.75.2), to none of 4,500 when it is there.
  private func makeMediaFolder() async throws {
    let answer = try await store.client().send(S3Request(method: .put, key: key("media/first")))
    guard answer.isSuccess else {
      throw ServerProcess.Failure(description: "rclone answered \(answer.status) to an empty object")
    }
  }

  func key(_ path: String) -> String { "\(prefix)/\(path)" }
}
