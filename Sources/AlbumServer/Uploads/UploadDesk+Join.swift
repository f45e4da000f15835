import Crypto
import Foundation
import HTTPTypes
import Model

extension UploadDesk {
  /// Makes a file of partial uploads, and publishes it.
  ///
  /// The parts go when it is published, and when the album has the content already. Where the answer is lost and the client
  /// asks again, an album that has the content says so, whatever became of the parts. One that is cancelled, since the server
  /// stops, leaves the parts as they are.
  func join(_ join: Tus.Join, in album: Album) async throws -> UploadRow {
    let metadata = join.metadata
    func upload(of length: Int64) -> UploadRow {
      UploadRow(
        id: UploadID(), album: album.id, length: length, metadata: metadata,
        metadataHeader: join.metadataHeader ?? "", concatenation: join.header, expiresAt: expiry)
    }
    if let sha256 = metadata.sha256,
      let bytes = try await store.bytesHeld(
        album: album.id, frame: metadata.frame ?? sha256, kind: metadata.kind, sha256: sha256)
    {
      var known = upload(of: bytes)
      known.offset = bytes
      try await store.save(known)
      for id in join.parts where try await store.upload(id, album: album.id)?.isPartial == true {
        try await store.drop(id)
      }
      return known
    }
    let parts = try await parts(of: join, in: album)
    let length = parts.reduce(0) { $0 + $1.length }
    guard length <= maxSize else {
      throw TusRefusal(
        .contentTooLarge, "A file has \(maxSize) bytes here at most.", headers: [.tusMaxSize: String(maxSize)]
      )
    }
    try await requireRoom(for: length)
    let whole = upload(of: length)
    do {
      let (file, hash) = try await copy(parts, into: whole)
      let published = try await finish(whole, file: file, hash: hash, in: album)
      for part in parts { try await store.drop(part.id) }
      return published
    } catch {
      // The database hears of the whole when it is published, and not before.
      let folder = store.folder
      try await BlockingThreads.run { try folder.remove(folder.upload(whole.id)) }
      throw error
    }
  }

  /// The partial uploads, every one of them with all its bytes.
  private func parts(of join: Tus.Join, in album: Album) async throws -> [UploadRow] {
    var parts: [UploadRow] = []
    for id in join.parts {
      guard let part = try await store.upload(id, album: album.id), part.isPartial else {
        throw TusRefusal(
          .badRequest, "\(id) is no partial upload of this album, or has expired: upload its bytes again.")
      }
      guard part.isComplete else {
        throw TusRefusal(
          .badRequest, "\(id) has \(part.offset) of its \(part.length) bytes: a file is made of whole parts.")
      }
      // A torn chunk of a part is kept if its file's hash is known, since that is checked here.
      guard part.metadata.sha256 == nil || part.metadata.sha256 == join.metadata.sha256 else {
        throw TusRefusal(.badRequest, "\(id) is a part of a file with another SHA-256.")
      }
      parts.append(part)
    }
    return parts
  }

  /// Writes the parts' bytes behind one another, a piece at a time so that no thread is held for a whole clip.
  private func copy(_ parts: [UploadRow], into whole: UploadRow) async throws -> (StoredFile, ContentHash) {
    let folder = store.folder
    let file = try await BlockingThreads.run {
      try StoredFile(upload: folder.upload(whole.id), offset: 0)
    }
    var hasher = SHA256()
    var written: Int64 = 0
    var synced: Int64 = 0
    for part in parts {
      let source = try await BlockingThreads.run { try StoredFile(reading: folder.upload(part.id)) }
      var offset: Int64 = 0
      while offset < part.length {
        try Task.checkCancellation()
        let (soFar, start, target) = (hasher, offset, written)
        let (count, sum) = try await BlockingThreads.run {
          var sum = soFar
          let bytes = try source.read(Int(min(Self.piece, part.length - start)), at: start)
          guard !bytes.isEmpty else {
            throw AlbumServerError(
              .notFound, "\(folder.upload(part.id)) is shorter than what was acknowledged")
          }
          sum.update(data: bytes)
          try bytes.withUnsafeBytes { try file.write($0, at: target) }
          return (Int64(bytes.count), sum)
        }
        hasher = sum
        offset += count
        written += count
        // So that the sync at the end, which nothing can interrupt, has little left to do.
        if written - synced >= Self.unsynced {
          try await BlockingThreads.run { try file.syncBytes() }
          synced = written
        }
      }
    }
    return (file, ContentHash(hasher.finalize()))
  }

  private static let piece: Int64 = 4 << 20
  /// Bytes that the kernel may still have to write: a second or two of a slow disk.
  private static let unsynced: Int64 = 32 << 20
}
