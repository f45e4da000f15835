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
      let published = try await publishedBytes(album: album.id, frame: frame, kind: kind, sha256: sha256)
    else { return nil }
    let path = folder.content(sha256)
    let onDisk: Int64? = try await BlockingThreads.run {
      guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
      return try file.closeAfter { try file.seek(offset: 0, from: .end) }
    }
    return onDisk == published ? published : onDisk
  }
}
