import Foundation
import GRDB
import Model

/// Bytes that are in their place among the content, ready to become part of an album.
struct Publication: Sendable {
  var album: Album
  var frame: ContentHash
  var kind: AssetKind
  var sha256: ContentHash
  var bytes: Int64
  var type: ContentType
  /// The frame's file name, clean; `nil` where the upload did not say.
  var name: String?
  var originalBytes: Int64?
  var facts: PictureFacts?
  /// Whether the server has made it, of the original. What the photographer sends comes before it, also what arrived while
  /// it was being made: that may be retouched, and its facts corrected.
  var isMadeHere = false

  /// The name under which the bytes are served: immutable, since it is their hash.
  var file: String { "\(sha256.hex).\(type.fileExtension)" }
}

extension Publication {
  /// The frame with this publication in it.
  ///
  /// A rendition replaces an older one of its kind. Originals add up: a frame may have a RAW and a JPEG
  /// (`AlbumOriginal.lead` says which one it is shown by).
  func merged(into existing: FrameRow?) -> FrameRow {
    let fallback = "\(frame.hex.prefix(12)).\(type.fileExtension)"
    var row =
      existing
      ?? FrameRow(
        frame: frame, name: name ?? fallback, mediaType: MediaType.forFile(named: name ?? fallback))
    if let facts { row.facts = isMadeHere ? row.facts.filled(from: facts) : facts.filled(from: row.facts) }
    switch kind {
    case .thumbnail: row.thumbnail = file
    case .preview: row.preview = file
    case .original:
      if !row.originals.contains(where: { $0.sha256 == sha256 }) {
        row.originals.append(
          AlbumOriginal(
            sha256: sha256, name: name ?? row.name, mediaType: type.mediaType, bytes: bytes, url: file))
      }
      if let lead = AlbumOriginal.lead(of: row.originals, frame: frame) {
        row.original = lead.url
        row.name = lead.name
        row.mediaType = lead.mediaType
        row.bytes = lead.bytes
      }
    }
    row.bytes = row.bytes ?? originalBytes
    row.lacksRenditions = row.original != nil && (row.thumbnail == nil || row.preview == nil)
    return row
  }
}

extension AlbumStore {
  /// Publishes in one transaction: the asset, the frame as viewers see it, and the end of the upload.
  ///
  /// Where the album knows the frame by another of its originals, it becomes part of that (`identity`).
  /// The same content for the same frame and kind again changes nothing, however often it comes.
  /// - Parameter upload: what the bytes arrived as; it is complete after this.
  /// - Returns: whether viewers see a change.
  @discardableResult
  func publish(_ publication: Publication, upload: UploadRow? = nil) async throws -> Bool {
    let feeds = feeds
    return try await write { database in
      try upload?.save(in: database)
      var publication = publication
      publication.frame = try Self.identity(
        of: publication.frame, album: publication.album.id, in: database)
      let existing = try Self.frame(publication.frame, album: publication.album.id, in: database)
      if publication.isMadeHere, let existing, existing.has(publication.kind) { return false }
      try database.run(
        """
        INSERT OR IGNORE INTO assets(album, frame, kind, sha256, file, name, media_type, bytes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          publication.album.id, publication.frame.column, publication.kind.rawValue,
          publication.sha256.column,
          publication.file, publication.name ?? publication.file, publication.type.mediaType,
          publication.bytes,
        ])
      guard database.changesCount > 0 else { return false }
      try database.run(
        "UPDATE albums SET bytes = bytes + ? WHERE id = ?", [publication.bytes, publication.album.id])
      let merged = publication.merged(into: existing)
      return try Self.save(merged, over: existing, album: publication.album, feeds: feeds, in: database)
    }
  }

  /// Writes a frame down if it changed, with the album's next sequence number, and tells the viewers after the commit.
  static func save(
    _ merged: FrameRow, over existing: FrameRow?, album: Album, feeds: Feeds, in database: Database
  ) throws -> Bool {
    guard merged != existing else { return false }
    try database.run(
      "UPDATE albums SET seq = seq + 1, frames = frames + ? WHERE id = ?",
      [existing == nil ? 1 : 0, album.id])
    guard
      let seq = try Int64.fetchOne(
        database.cachedStatement(sql: "SELECT seq FROM albums WHERE id = ?"), arguments: [album.id])
    else { throw AlbumServerError(.notFound, "the album is no longer there") }
    var row = merged
    row.seq = seq
    try row.save(album: album.id, in: database)
    let event = try ServerSentEvent.frame(row.albumFrame(slug: album.slug))
    // On the writer's queue after the commit: the changes reach the feed in the order of their numbers.
    database.afterNextTransaction { _ in feeds.publish(event, seq: seq, album: album.id) }
    return true
  }

  /// What an album calls a frame that somebody names by one of its originals.
  ///
  /// Of RAW and JPEG one laptop may have seen the one first, and another the other: each names the frame by the first that it
  /// saw. It is the same frame as soon as the album has the original that it is named by.
  static func identity(
    of frame: ContentHash, album: Int64, in database: Database
  ) throws -> ContentHash {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT COALESCE(
            (SELECT frame FROM frames WHERE album = ?1 AND frame = ?2),
            (SELECT MIN(frame) FROM assets WHERE album = ?1 AND sha256 = ?2 AND kind = 'original')) AS frame
          """), arguments: [album, frame.column])
    guard let column: Data = row?["frame"] else { return frame }
    return try ContentHash(column: column)
  }

  static func frame(_ frame: ContentHash, album: Int64, in database: Database) throws -> FrameRow? {
    try Row.fetchOne(
      database.cachedStatement(sql: "SELECT * FROM frames WHERE album = ? AND frame = ?"),
      arguments: [album, frame.column]
    ).map(FrameRow.init(row:))
  }

  /// Frames whose last change is after a number, in the order of their changes.
  func frames(of album: Album, after seq: Int64, limit: Int) async throws -> [AlbumFrame] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM frames WHERE album = ? AND seq > ? ORDER BY seq LIMIT ?",
        arguments: [album.id, seq, limit]
      ).map { try FrameRow(row: $0).albumFrame(slug: album.slug) }
    }
  }

  /// What is published under a media address; `nil` where nothing is.
  func asset(file: String, album slug: String) async throws -> StoredAsset? {
    try await read { database in
      let row = try Row.fetchOne(
        database,
        sql: """
          SELECT assets.sha256, assets.name, assets.media_type, assets.bytes, assets.kind
          FROM assets JOIN albums ON albums.id = assets.album
          WHERE albums.slug = ? AND assets.file = ? LIMIT 1
          """,
        arguments: [slug, file])
      return try row.map { row in
        StoredAsset(
          sha256: try ContentHash(column: row["sha256"]), name: row["name"], mediaType: row["media_type"],
          bytes: row["bytes"], isOriginal: row["kind"] == AssetKind.original.rawValue)
      }
    }
  }

  /// How many bytes an album has for a frame, kind and content; `nil` where it has not got it.
  func publishedBytes(
    album: Int64, frame: ContentHash, kind: AssetKind, sha256: ContentHash
  ) async throws -> Int64? {
    try await read { database in
      let frame = try Self.identity(of: frame, album: album, in: database)
      return try Int64.fetchOne(
        database.cachedStatement(
          sql: "SELECT bytes FROM assets WHERE album = ? AND frame = ? AND kind = ? AND sha256 = ?"),
        arguments: [album, frame.column, kind.rawValue, sha256.column])
    }
  }
}

extension AlbumStore {
  /// How many bytes an original of an album has, of whichever frame; `nil` where the album has no such original.
  func originalBytes(of sha256: ContentHash, album: Int64) async throws -> Int64? {
    try await read { database in
      try Int64.fetchOne(
        database, sql: "SELECT bytes FROM assets WHERE album = ? AND sha256 = ? AND kind = 'original'",
        arguments: [album, sha256.column])
    }
  }
}

extension Database {
  /// Does one statement, compiled once for each connection: most of the time of a short one is its compiling.
  func run(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

/// What a media address serves.
struct StoredAsset: Sendable {
  var sha256: ContentHash
  var name: String
  var mediaType: String
  var bytes: Int64
  var isOriginal: Bool
}
