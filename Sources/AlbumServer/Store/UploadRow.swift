import Foundation
import GRDB
import Model

/// One row of `uploads`: bytes on their way into an album.
struct UploadRow: Sendable {
  let id: UploadID
  let album: Int64
  /// Bytes in all.
  let length: Int64
  /// Bytes that are on the disk for certain. It reaches the length in the transaction that publishes, not before.
  var offset: Int64
  let metadata: UploadMetadata
  /// As the client wrote it, with keys that mean nothing to us.
  let metadataHeader: String
  /// `Upload-Concat` as the client wrote it; `nil` for an upload that is a file by itself.
  let concatenation: String?
  var expiresAt: Date

  var isComplete: Bool { offset == length }
  /// Whether its bytes are a part of a file: then they are never published by themselves.
  var isPartial: Bool { concatenation == Self.partial }
  /// Whether it was made of partial uploads: then no bytes can be sent to it.
  var isJoined: Bool { concatenation != nil && !isPartial }

  static let partial = "partial"

  init(
    id: UploadID, album: Int64, length: Int64, metadata: UploadMetadata, metadataHeader: String,
    concatenation: String? = nil, expiresAt: Date
  ) {
    self.id = id
    self.album = album
    self.length = length
    offset = 0
    self.metadata = metadata
    self.metadataHeader = metadataHeader
    self.concatenation = concatenation
    self.expiresAt = expiresAt
  }

  init(row: Row) throws {
    guard let id = UploadID(row["id"]) else {
      throw AlbumServerError(.database, "an upload in the database has an impossible name")
    }
    self.id = id
    album = row["album"]
    length = row["length"]
    offset = row["offset"]
    metadataHeader = row["metadata"]
    metadata = try UploadMetadata(header: metadataHeader)
    concatenation = row["concatenation"]
    expiresAt = Date(timeIntervalSince1970: row["expires_at"])
  }

  func save(in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO uploads(id, album, length, offset, metadata, concatenation, expires_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(id) DO UPDATE SET offset = excluded.offset, expires_at = excluded.expires_at
        """,
      arguments: [
        id.text, album, length, offset, metadataHeader, concatenation, expiresAt.timeIntervalSince1970,
      ])
  }
}

extension AlbumStore {
  func save(_ upload: UploadRow) async throws {
    try await write { try upload.save(in: $0) }
  }

  /// The upload of this name in this album; `nil` also for one that has expired.
  func upload(_ id: UploadID, album: Int64, now: Date = .now) async throws -> UploadRow? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM uploads WHERE id = ? AND album = ? AND expires_at > ?",
        arguments: [id.text, album, now.timeIntervalSince1970]
      ).map(UploadRow.init(row:))
    }
  }

  /// Forgets an upload and its bytes.
  func drop(_ id: UploadID) async throws {
    try await write { try $0.execute(sql: "DELETE FROM uploads WHERE id = ?", arguments: [id.text]) }
    let folder = folder
    try await BlockingThreads.run { try folder.remove(folder.upload(id)) }
  }

  /// Drops what has expired, and files that no upload knows (left by a crash) once they rest for a day.
  /// - Returns: how many uploads went.
  func dropExpiredUploads(now: Date = .now) async throws -> Int {
    let expired = try await read { database in
      try String.fetchAll(
        database, sql: "SELECT id FROM uploads WHERE expires_at <= ?", arguments: [now.timeIntervalSince1970])
    }
    for id in expired.compactMap({ UploadID($0) }) { try await drop(id) }
    let folder = folder
    let resting = try await BlockingThreads.run {
      try folder.uploadNames(unchangedSince: now.addingTimeInterval(-86_400))
    }
    for id in resting.compactMap({ UploadID($0) }) {
      let offset = try await read { database in
        try Row.fetchOne(
          database, sql: "SELECT * FROM uploads WHERE id = ?", arguments: [id.text]
        ).map(UploadRow.init(row:)).map { $0.isComplete && !$0.isPartial }
      }
      // A complete upload's bytes are among the content, but for a part's: its file is a leftover too.
      if offset != false { try await BlockingThreads.run { try folder.remove(folder.upload(id)) } }
    }
    return expired.count
  }

  /// Figures for `/metrics`.
  struct Totals: Sendable {
    var albums: Int
    var frames: Int
    var bytes: Int64
    var uploads: Int
    var lackingRenditions: Int
  }

  func totals() async throws -> Totals {
    try await read { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT COUNT(*) AS albums, IFNULL(SUM(frames), 0) AS frames, IFNULL(SUM(bytes), 0) AS bytes,
            (SELECT COUNT(*) FROM uploads WHERE offset < length) AS uploads,
            (SELECT COUNT(*) FROM frames WHERE lacks_renditions = 1) AS lacking
          FROM albums
          """)
      guard let row else { throw AlbumServerError(.database, "a count has no row") }
      return Totals(
        albums: row["albums"], frames: row["frames"], bytes: row["bytes"], uploads: row["uploads"],
        lackingRenditions: row["lacking"])
    }
  }
}
