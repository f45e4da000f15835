public import Foundation
import GRDB

/// An album of a store.
public struct Album: Hashable, Sendable {
  /// The row's number; it never leaves the store.
  let id: Int64
  /// What its addresses are made with; knowing it lets a guest look.
  public let slug: String
  /// As its photographer wrote it.
  public let name: String
  public let createdAt: Date
  /// How many frames have something to show or to download.
  public let frames: Int
  /// Bytes published: renditions and originals.
  public let bytes: Int64
  /// The sequence number of the last change of one of its frames; 0 before the first.
  public let seq: Int64

  init(row: Row) throws {
    id = row["id"]
    slug = row["slug"]
    name = row["name"]
    frames = row["frames"]
    bytes = row["bytes"]
    seq = row["seq"]
    createdAt = try Date(row["created_at"], strategy: .iso8601)
  }
}

/// An album together with the token that may upload into it.
public struct AlbumAccess: Sendable {
  public let album: Album
  /// A secret: for the `Authorization: Bearer` header.
  public let token: String
}

/// Where an album is reached from outside.
public struct AlbumLinks: Hashable, Sendable {
  /// The live page, `BASE/a/SLUG`.
  public let page: URL
  /// The tus 1.0 creation endpoint, `BASE/api/v1/albums/SLUG/uploads`.
  public let uploads: URL

  /// - Parameter base: the server's own address, without a path.
  public init(slug: String, base: URL) {
    page = base.appending(path: "a/\(slug)")
    uploads = base.appending(path: "api/v1/albums/\(slug)/uploads")
  }
}
