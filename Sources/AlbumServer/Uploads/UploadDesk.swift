import Crypto
import Foundation
import Hummingbird
import Logging
import Model
import NIOCore
import Synchronization

/// Takes uploads in: from a body's bytes over the synced file to the published asset.
final class UploadDesk: Sendable {
  let store: AlbumStore
  let turns = UploadTurns()
  /// How long an upload is kept after its last byte came, in seconds.
  let lifetime: TimeInterval
  let maxSize: Int64
  /// Bytes received and uploads finished since the start.
  let received = Atomic<Int64>(0)
  let finished = Atomic<Int64>(0)

  private let hashes = RunningHashes()
  private let onOriginal: @Sendable () -> Void

  /// - Parameter onOriginal: called after an original was published whose renditions are not there.
  init(
    store: AlbumStore, lifetime: TimeInterval, maxSize: Int64, onOriginal: @escaping @Sendable () -> Void
  ) {
    self.store = store
    self.lifetime = lifetime
    self.maxSize = maxSize
    self.onOriginal = onOriginal
  }

  /// Makes an upload; with its first bytes, if they come along.
  ///
  /// What the album has already is complete from the start. An upload whose first bytes do not all arrive is not
  /// made at all: its maker never learns its address.
  func create(_ creation: Tus.Creation, in album: Album, body: RequestBody) async throws -> UploadRow {
    let metadata = creation.metadata
    var upload = UploadRow(
      id: UploadID(), album: album.id, length: creation.length, metadata: metadata,
      metadataHeader: creation.metadataHeader ?? "",
      concatenation: creation.isPartial ? UploadRow.partial : nil,
      expiresAt: expiry)
    if !creation.isPartial, let sha256 = metadata.sha256,
      let bytes = try await store.bytesHeld(
        album: album.id, frame: metadata.frame ?? sha256, kind: metadata.kind, sha256: sha256),
      bytes == creation.length
    {
      upload.offset = upload.length
      try await store.save(upload)
      return upload
    }
    try await requireRoom(for: creation.length)
    guard creation.hasBody else {
      try await store.save(upload)
      return upload
    }
    do {
      let chunk = Tus.Chunk(bodyLength: creation.bodyLength, checksum: creation.checksum)
      return try await take(chunk, of: upload, in: album, body: body, isNew: true)
    } catch {
      let id = upload.id
      try await store.drop(id)
      throw error
    }
  }

  /// Takes one request's bytes. What it returns is on the disk; at the last byte it is published as well.
  ///
  /// - Parameter isNew: whether the database does not know the upload yet; a torn body is then an error.
  func take(
    _ chunk: Tus.Chunk, of upload: UploadRow, in album: Album, body: RequestBody, isNew: Bool = false
  ) async throws -> UploadRow {
    var upload = upload
    let (path, offset) = (store.folder.upload(upload.id), upload.offset)
    guard !upload.isComplete else { return upload }
    let file: StoredFile
    let adopted: ContentHash?
    do {
      let (store, row) = (store, upload)
      (file, adopted) = try await BlockingThreads.run {
        let file = try StoredFile(upload: path, offset: offset)
        guard file.isLinked else { return (file, nil) }
        // A part of a file is never published by itself.
        let hash = row.isPartial ? nil : try store.folder.adoptedHash(of: file, length: row.length)
        return hash == nil
          ? (try store.folder.separate(path, from: file, keeping: offset), nil) : (file, hash)
      }
    } catch let error as AlbumServerError where error.code == .notFound {
      try await store.drop(upload.id)
      throw TusRefusal(.gone, "The bytes of this upload are lost: make a new one.")
    }
    if let adopted { return try await finish(upload, file: file, hash: adopted, in: album) }
    let folder = store.folder
    let receiver = UploadReceiver(
      file: file, length: upload.length,
      arrived: { self.received.add(Int64($0), ordering: .relaxed) },
      // Each that was begun had room; all of them together, or with what else fills the disk, may have none.
      requireRoom: { try folder.requireRoom(for: $0) })
    var bytes = await receiver.receive(
      body, announced: chunk.bodyLength, offset: offset,
      // A part's own hash is nobody's.
      whole: upload.isPartial ? nil : hashes.take(upload.id, offset: offset),
      chunk: chunk.checksum?.running)
    let refusal = try refusal(of: bytes, chunk: chunk, upload: upload)
    if refusal?.discards == true {
      bytes.offset = offset
      try await BlockingThreads.run { try file.truncate(to: offset) }
    } else if let whole = bytes.whole {
      hashes.put(upload.id, .init(hasher: whole, offset: bytes.offset))
    }
    if bytes.offset == upload.length, !upload.isPartial {
      let hash = bytes.whole.map { ContentHash($0.finalize()) }
      return try await finish(upload, file: file, hash: hash, in: album)
    }
    if bytes.offset > offset {
      try await BlockingThreads.run { try file.syncBytes() }
    }
    upload.offset = bytes.offset
    upload.expiresAt = expiry
    if !isNew || refusal == nil { try await store.save(upload) }
    if let refusal { throw refusal.error }
    return upload
  }

  private struct Refusal {
    var error: any Error
    /// Whether the request's bytes are thrown away.
    var discards: Bool
  }

  private func refusal(
    of bytes: UploadReceiver.Received, chunk: Tus.Chunk, upload: UploadRow
  ) throws -> Refusal? {
    switch bytes.ending {
    case .whole:
      guard let checksum = chunk.checksum, bytes.chunk?.digest != checksum.digest else { return nil }
      return Refusal(
        error: TusRefusal(
          .checksumMismatch,
          "The bytes are not those of Upload-Checksum. They were thrown away: send them again.",
          headers: [.uploadOffset: String(upload.offset)]), discards: true)
    case .torn:
      // A piece of a chunk cannot be checked against the chunk's checksum. It is kept where the whole file is checked at
      // its end, and thrown away where nothing else would notice that it is wrong.
      return Refusal(
        error: TusRefusal(.badRequest, "The connection ended before the body did."),
        discards: chunk.checksum != nil && upload.metadata.sha256 == nil)
    case .tooLong: return Refusal(error: Tus.tooLong(upload.length), discards: true)
    case .failed(let error): return Refusal(error: error, discards: false)
    }
  }

  /// Every byte is there: checks them, makes them durable, and publishes.
  /// - Parameter known: their hash; `nil` where nobody has seen all of them, and they are read once more.
  func finish(
    _ upload: UploadRow, file: StoredFile, hash known: ContentHash?, in album: Album
  ) async throws -> UploadRow {
    let (store, id, metadata) = (store, upload.id, upload.metadata)
    let name = FileName.clean(metadata.filename)
    let (hash, type) = try await BlockingThreads.run {
      try file.sync()
      let hash = try known ?? file.hash()
      return (hash, ContentType(head: try file.read(ContentType.headLength, at: 0), name: name))
    }
    if let expected = metadata.sha256, expected != hash {
      try await store.drop(id)
      throw TusRefusal(
        .checksumMismatch,
        "The file's SHA-256 is \(hash), not \(expected) as announced. It was thrown away: upload it again.")
    }
    guard metadata.kind == .original || type.isRendition else {
      try await store.drop(id)
      throw TusRefusal(
        .unsupportedMediaType,
        "A \(metadata.kind.rawValue) is a JPEG, PNG, WebP, AVIF or GIF; this is not one.")
    }
    try await BlockingThreads.run { try store.folder.adopt(store.folder.upload(id), as: hash) }
    var complete = upload
    complete.offset = upload.length
    complete.expiresAt = expiry
    try await store.publish(
      Publication(
        album: album, frame: metadata.frame ?? hash, kind: metadata.kind, sha256: hash, bytes: upload.length,
        type: type,
        name: name, originalBytes: metadata.originalBytes, facts: metadata.facts),
      upload: complete)
    finished.add(1, ordering: .relaxed)
    if metadata.kind == .original { onOriginal() }
    try await BlockingThreads.run { try store.folder.remove(store.folder.upload(id)) }
    return complete
  }

  func requireRoom(for length: Int64) async throws {
    let folder = store.folder
    try await BlockingThreads.run { try folder.requireRoom(for: length) }
  }

  var expiry: Date { Date(timeIntervalSinceNow: lifetime) }
}
