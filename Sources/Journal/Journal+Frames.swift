public import Foundation
import GRDB
import Glibc
public import Model
import SystemPackage

/// What is to be written down of an original whose bytes are on disk.
public struct SafeOriginal: Sendable {
  public var original: Original
  /// A camera's serial number, or `file`.
  public var source: String
  /// The object that it was at its source, to be known as taken.
  public var object: SourceObject?
  /// When the camera announced it.
  public var announcedAt: Date?

  public init(original: Original, source: String, object: SourceObject? = nil, announcedAt: Date? = nil) {
    self.original = original
    self.source = source
    self.object = object
    self.announcedAt = announcedAt
  }
}

extension Journal {
  /// Makes a frame safe: one transaction writes down the frame, its original, the source's object as taken, and a
  /// delivery of the original to each album. Its bytes must be synced under their final name before.
  ///
  /// Bytes that the journal already has make no second frame: the one that is there gets the albums that it lacks, and
  /// what is parked of it is due again.
  /// A second copy in the spool is removed, unless it is the only one that the spool has.
  /// - Returns: the frame, and whether it is new.
  /// - Throws: `JournalError`; then nothing is written down, and the file stays where it is.
  public func recordSafe(
    _ safe: SafeOriginal, session: Session?, albums: [String], now: Date = Date()
  ) async throws(JournalError) -> (frame: Frame, isNew: Bool) {
    let spool = self.spool
    let recorded: (frame: Frame, isNew: Bool) = try await write("Making \(safe.original.name) safe") {
      database in
      var known = try Self.frame(withOriginal: safe.original.hash, in: database, spool: spool)
      if let frame = known, Self.isBetter(safe.original, than: frame.original) {
        try Self.keep(safe.original, insteadOf: frame.original, in: database, spool: spool)
        known?.original = safe.original
      }
      let frame = try known ?? Self.insert(safe, session: session?.id, now: now, in: database, spool: spool)
      if let object = safe.object {
        try Self.record(
          object, source: safe.source, as: .taken, frame: frame.id, session: session?.id, in: database)
      }
      for album in albums {
        try Self.addDeliveries(of: frame.id, to: album, in: database)
        try Self.free(frame.id, for: album, in: database)
      }
      return (frame, known == nil)
    }
    if !safe.original.isInPlace, safe.original.path != recorded.frame.original.path {
      // The journal names another copy, which is there; this one is nobody's.
      unlink(safe.original.path.string)
    }
    return recorded
  }

  /// Whether the same bytes are safer in this file than in the one that the journal names: the spool is ours, a
  /// person's own file may go at any time, and a file that is gone is none.
  private static func isBetter(_ new: Original, than known: Original) -> Bool {
    // Of a person's own file the last look is the true one: its modification time tells later whether it changed. A
    // place in the spool that was left can be taken again by the same bytes.
    known.isInPlace || known.path == new.path || access(known.path.string, F_OK) != 0
  }

  private static func keep(
    _ new: Original, insteadOf known: Original, in database: Database, spool: Spool
  ) throws {
    if !new.isInPlace { try vacate(spool.stored(new.path), in: database) }
    try database.execute(
      sql: "UPDATE original SET path = ?, in_place = ?, modified_ns = ?, left_at = NULL WHERE hash = ?",
      arguments: [
        new.isInPlace ? new.path.string : spool.stored(new.path), new.isInPlace, new.modifiedNanoseconds,
        known.hash.blob,
      ])
  }

  /// Makes a place in the spool free for a file that lies there now: whoever had it has lost its own to somebody's hand.
  private static func vacate(_ stored: String, in database: Database) throws {
    try database.execute(
      sql: "UPDATE original SET path = path || '.gone-' || id WHERE path = ? AND in_place = 0",
      arguments: [stored])
  }

  /// Finds the frames of objects that were taken before, adds the deliveries that they lack for these albums, and
  /// makes those that are parked due: whoever asks for them again has acted.
  /// - Returns: the frames of those objects that are taken; the others are missing.
  /// - Throws: `JournalError`.
  public func deliverTaken(
    _ objects: [SourceObject], source: String, albums: [String]
  ) async throws(JournalError) -> [SourceObject: Frame] {
    let spool = self.spool
    return try await write("Looking up what was already taken") { database in
      var frames: [SourceObject: Frame] = [:]
      let sql =
        Self.selectFrame + """
           JOIN source_object ON source_object.frame_id = frame.id
           WHERE source_object.source = ? AND folder = ? AND source_object.name = ? AND source_object.bytes = ?
            AND modified = ? AND disposition = 'taken'
          """
      let statement = try database.makeStatement(sql: sql)
      for object in objects {
        let row = try Row.fetchOne(
          statement, arguments: [source, object.folder, object.name, object.bytes, object.modified])
        guard let frame = row.map({ Self.frame($0, spool: spool) }) else { continue }
        for album in albums {
          try Self.addDeliveries(of: frame.id, to: album, in: database)
          try Self.free(frame.id, for: album, in: database)
        }
        frames[object] = frame
      }
      return frames
    }
  }

  /// The frame with this original, if the journal has it.
  /// - Throws: `JournalError`.
  public func frame(withOriginal hash: ContentHash) async throws(JournalError) -> Frame? {
    let spool = self.spool
    return try await read("Looking up a frame") { try Self.frame(withOriginal: hash, in: $0, spool: spool) }
  }

  /// Frames whose renditions are not made yet, and go to an album that takes some: the newest first, since guests
  /// want now.
  /// - Throws: `JournalError`.
  public func framesToRender(limit: Int) async throws(JournalError) -> [Frame] {
    let spool = self.spool
    return try await read("Looking for frames to render") { database in
      try Row.fetchAll(
        database,
        sql: Self.selectFrame + " WHERE \(try Self.isToRender(in: database)) ORDER BY frame.id DESC LIMIT ?",
        arguments: [limit]
      ).map { Self.frame($0, spool: spool) }
    }
  }

  /// The condition of a frame that lacks renditions and goes where they are taken. One that goes nowhere else than to
  /// a tus endpoint costs no rendering; when it gets another album, it is one of these.
  static func isToRender(in database: Database) throws -> String {
    let takers = try Row.fetchAll(database, sql: "SELECT id, album FROM destination").compactMap {
      row -> Int64? in
      let destination = try? Destination(parsing: row["album"])
      return destination?.takes.contains(.preview) == true ? row["id"] : nil
    }
    guard !takers.isEmpty else { return "FALSE" }
    return """
      frame.rendering = 'waiting' AND EXISTS (SELECT 1 FROM delivery WHERE delivery.frame_id = frame.id
        AND destination_id IN (\(takers.map(String.init).joined(separator: ", "))))
      """
  }

  /// Puts a rendition's bytes into the spool, durably. The journal knows it only after `recordRenditions`.
  /// - Throws: `JournalError`.
  public func store(
    _ rendition: [UInt8], kind: AssetKind, mediaType: String
  ) async throws(JournalError) -> StoredRendition {
    let spool = self.spool
    return try await offload { () throws(JournalError) in
      let hash = ContentHash(of: rendition)
      let path = try spool.store(rendition: rendition, hash: hash, extension: "jpg")
      return StoredRendition(
        kind: kind, hash: hash, mediaType: mediaType, bytes: Int64(rendition.count), path: path)
    }
  }

  /// Writes down what was made of a frame, and a delivery of each rendition to each of the frame's albums.
  /// - Parameters:
  ///   - renditions: those that were made; none is right for a clip or a picture that cannot be rendered.
  ///   - failure: why not all could be made, for a person; `nil` when all is well.
  /// - Throws: `JournalError`.
  public func recordRenditions(
    _ renditions: [StoredRendition], facts: PictureFacts?, failure: String?, of frame: Frame
  ) async throws(JournalError) {
    let json: String?
    do {
      json = try facts.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
    } catch {
      throw JournalError(.io, "The facts of \(frame.original.name) cannot be written down: \(error)")
    }
    let spool = self.spool
    try await write("Writing down the renditions of \(frame.original.name)") { database in
      for rendition in renditions {
        try database.execute(
          sql: """
            INSERT OR REPLACE INTO rendition (frame_id, kind, hash, media_type, bytes, path)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            frame.id, rendition.kind.rawValue, rendition.hash.blob, rendition.mediaType, rendition.bytes,
            spool.stored(rendition.path),
          ])
      }
      try database.execute(
        sql: "UPDATE frame SET rendering = ?, rendering_failure = ?, facts = ? WHERE id = ?",
        arguments: [failure == nil ? "done" : "failed", failure, json, frame.id])
      let albums = try String.fetchAll(
        database,
        sql: """
          SELECT DISTINCT album FROM delivery JOIN destination ON destination.id = delivery.destination_id
          WHERE frame_id = ?
          """, arguments: [frame.id])
      for album in albums { try Self.addDeliveries(of: frame.id, to: album, in: database) }
    }
  }

  /// Adds the deliveries that a frame lacks for an album: its original, and the renditions that are made.
  private static func addDeliveries(of frame: Int64, to album: String, in database: Database) throws {
    guard let destination = try? Destination(parsing: album) else {
      throw JournalError(.io, "\(album) names no album.")
    }
    try database.execute(sql: "INSERT OR IGNORE INTO destination (album) VALUES (?)", arguments: [album])
    let kinds = destination.takes.map(\.rawValue)
    try database.execute(
      sql: """
        INSERT OR IGNORE INTO delivery (frame_id, destination_id, kind, state)
        SELECT ?, destination.id, available.kind, 'waiting' FROM destination,
          (SELECT 'original' AS kind UNION ALL SELECT kind FROM rendition WHERE frame_id = ?) AS available
        WHERE destination.album = ? AND available.kind IN (\(kinds.map { "'\($0)'" }.joined(separator: ", ")))
        """, arguments: [frame, frame, album])
  }

  /// Makes a frame's parked deliveries to an album due.
  private static func free(_ frame: Int64, for album: String, in database: Database) throws {
    try database.execute(
      sql: """
        UPDATE delivery SET \(due) WHERE frame_id = ? AND state = 'parked'
          AND destination_id = (SELECT id FROM destination WHERE album = ?)
        """, arguments: [frame, album])
  }

  private static func insert(
    _ safe: SafeOriginal, session: Int64?, now: Date, in database: Database, spool: Spool
  ) throws -> Frame {
    try database.execute(
      sql: """
        INSERT INTO frame (hash, session_id, source, announced_at, safe_at, rendering)
        VALUES (?, ?, ?, ?, ?, 'waiting')
        """,
      arguments: [
        safe.original.hash.blob, session, safe.source, safe.announcedAt?.milliseconds, now.milliseconds,
      ])
    let id = database.lastInsertedRowID
    let original = safe.original
    if !original.isInPlace { try vacate(spool.stored(original.path), in: database) }
    try database.execute(
      sql: """
        INSERT INTO original (frame_id, hash, name, media_type, bytes, path, in_place, modified_ns)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, original.hash.blob, original.name, original.mediaType, original.bytes,
        original.isInPlace ? original.path.string : spool.stored(original.path), original.isInPlace,
        original.modifiedNanoseconds,
      ])
    return Frame(id: id, original: original, source: safe.source, announcedAt: safe.announcedAt, safeAt: now)
  }

  private static func frame(withOriginal hash: ContentHash, in database: Database, spool: Spool) throws
    -> Frame?
  {
    try Row.fetchOne(database, sql: selectFrame + " WHERE original.hash = ?", arguments: [hash.blob])
      .map { frame($0, spool: spool) }
  }

  private static let selectFrame = """
    SELECT frame.id, frame.source, frame.announced_at, frame.safe_at,
      original.hash, original.name, original.media_type, original.bytes, original.path, original.in_place,
      original.modified_ns
    FROM frame JOIN original ON original.frame_id = frame.id
    """

  private static func frame(_ row: Row, spool: Spool) -> Frame {
    let isInPlace: Bool = row["in_place"]
    let original = Original(
      hash: ContentHash(blob: row["hash"]), name: row["name"], mediaType: row["media_type"],
      bytes: row["bytes"],
      path: isInPlace ? FilePath(row["path"] as String) : spool.absolute(row["path"]), isInPlace: isInPlace,
      modifiedNanoseconds: row["modified_ns"])
    return Frame(
      id: row["id"], original: original, source: row["source"],
      announcedAt: (row["announced_at"] as Int64?).map(Date.init(milliseconds:)),
      safeAt: Date(milliseconds: row["safe_at"]))
  }
}

extension ContentHash {
  /// As the journal's tables hold it.
  var blob: Data { Data(bytes) }

  /// Reads what `blob` wrote; the tables' CHECK guarantees the length.
  init(blob: Data) {
    let hex = blob.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    guard let hash = ContentHash(hex: hex) else { preconditionFailure("a hash in the journal has 32 bytes") }
    self = hash
  }
}

extension Spool {
  /// A path of the spool as the journal's tables hold it: relative, so that the home folder can move.
  func stored(_ path: FilePath) -> String {
    var relative = path
    return relative.removePrefix(root) ? relative.string : path.string
  }

  /// What `stored` wrote, as an absolute path.
  func absolute(_ path: String) -> FilePath {
    path.hasPrefix("/") ? FilePath(path) : root.pushing(FilePath(path))
  }
}
