import Foundation
public import Model
import SystemPackage

extension AlbumStore {
  /// How many bytes of an asset an album of this machine really has: published, and its file on the disk.
  /// - Parameter name: the album's name; of several the newest is meant, as everywhere.
  /// - Returns: `nil` where it has not got it.
  /// - Throws: `AlbumServerError`.
  public func bytesHeld(
    inAlbum name: String, frame: ContentHash, kind: AssetKind, sha256: ContentHash
  ) async throws -> Int64? {
    guard let album = try await albums().last(where: { $0.name == name }),
      try await publishedBytes(album: album.id, frame: frame, kind: kind, sha256: sha256) != nil
    else { return nil }
    return try await bytesOnDisk(of: sha256)
  }

  /// How many bytes an album has of an asset that is published and whole on the disk.
  ///
  /// What the database says alone is not enough: somebody may have removed the file, or a disk have lost it, and an upload
  /// of the same content is what brings it back.
  /// - Returns: `nil` where there is no such asset, or its file is gone or has another length.
  /// - Throws: `AlbumServerError`.
  func bytesHeld(
    album: Int64, frame: ContentHash, kind: AssetKind, sha256: ContentHash
  ) async throws -> Int64? {
    guard
      let published = try await publishedBytes(album: album, frame: frame, kind: kind, sha256: sha256),
      try await bytesOnDisk(of: sha256) == published
    else { return nil }
    return published
  }

  private func bytesOnDisk(of sha256: ContentHash) async throws -> Int64? {
    let path = folder.content(sha256)
    return try await BlockingThreads.run {
      do {
        return try StoredFile(reading: path).length()
      } catch let error as AlbumServerError where error.code == .notFound {
        return nil
      }
    }
  }
}
