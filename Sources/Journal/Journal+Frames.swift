import Blocking
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
  /// The clock that its capture time was written by; `nil` leaves that time as it is.
  public var clock: CaptureClock?
  /// Whether the object is to go from its card once it is delivered everywhere.
  public var isToLeaveCard: Bool
  /// How it is marked, as far as is known by now.
  public var mark: FrameMark
  /// What an original that was found in the spool is likely to have been at which source, by its name and length: enough to find the
  /// other of its pair, too little to call the object taken.
  var likelyOrigin: (source: String, object: SourceObject)?

  var origin: (source: String, object: SourceObject)? { object.map { (source, $0) } ?? likelyOrigin }

  public init(
    original: Original, source: String, object: SourceObject? = nil, announcedAt: Date? = nil,
    clock: CaptureClock? = nil, isToLeaveCard: Bool = false, mark: FrameMark = FrameMark()
  ) {
    self.original = original
    self.source = source
    self.object = object
    self.announcedAt = announcedAt
    self.clock = clock
    self.isToLeaveCard = isToLeaveCard
    self.mark = mark
  }
}

extension Journal {
  /// Makes an original safe: one transaction writes down its frame, the source's object as taken, and a delivery to
  /// each album. Its bytes must be synced under their final name before.
  ///
  /// A RAW and the picture beside it are one frame (`OriginalPair`): whichever is safe first makes it, and gives it its
  /// identity for good; the other joins it, however late. It goes to all the albums that the frame has, also those of
  /// earlier runs.
  ///
  /// Bytes that the journal already has make no second frame: the one that is there gets the albums that it lacks, and
  /// what is parked of it is due again.
  /// A second copy in the spool is removed, unless it is the only one that the spool has.
  /// - Parameter policy: whether the frame goes to these albums, and this original with it. What does not is kept.
  /// - Returns: the frame, and whether the original is new.
  /// - Throws: `JournalError`; then nothing is written down, and the file stays where it is.
  public func recordSafe(
    _ safe: SafeOriginal, session: Session?, albums: [String], policy: SendingPolicy = SendingPolicy(),
    now: Date = Date()
  ) async throws(JournalError) -> (frame: Frame, isNew: Bool) {
    let spool = self.spool
    let recorded: (frame: Frame, isNew: Bool, path: FilePath) = try await write(
      "Making \(safe.original.name) safe"
    ) { database in
      let known = try Self.original(safe.original.hash, in: database, spool: spool)
      var path = safe.original.path
      let id: Int64
      if let known {
        id = known.frame
        try Self.completeAdopted(safe, of: id, in: database)
        if Self.isBetter(safe.original, than: known.original) {
          try Self.keep(safe.original, insteadOf: known.original, in: database, spool: spool)
        } else {
          path = known.original.path
        }
      } else {
        let partner = try Self.partner(of: safe, in: database)
        id = try partner ?? Self.insertFrame(safe, session: session?.id, now: now, in: database)
        try Self.insertOriginal(safe, of: id, in: database, spool: spool)
        if partner != nil {
          // What could not be made of the RAW may be made of the picture beside it.
          try database.execute(
            sql: "UPDATE frame SET rendering = 'waiting' WHERE id = ? AND rendering = 'failed'",
            arguments: [id])
          try Self.settleReadiness(of: id, in: database)
          let others = try String.fetchAll(
            database,
            sql: "SELECT album FROM choice JOIN destination ON id = destination_id WHERE frame_id = ?",
            arguments: [id])
          for album in others {
            try Self.addOriginals(of: id, to: album, policy: policy.originals, now: now, in: database)
          }
        }
      }
      if let object = safe.object {
        try Self.record(
          object, source: safe.source, as: .taken, frame: id, session: session?.id, in: database)
        if safe.isToLeaveCard {
          try Self.wantDeletion(
            of: object, source: safe.source, hash: safe.original.hash, now: now, in: database)
        }
      }
      try Self.note(safe.mark, of: id, in: database)
      for album in albums {
        try Self.assign(id, to: album, policy: policy, now: now, in: database)
        try Self.free(id, for: album, in: database)
      }
      guard let frame = try Self.frame(id, in: database, spool: spool) else {
        throw JournalError(.io, "The frame of \(safe.original.name) is not there.")
      }
      return (frame, known == nil, path)
    }
    if !safe.original.isInPlace, safe.original.path != recorded.path {
      // The journal names another copy, which is there; this one is nobody's.
      unlink(safe.original.path.string)
    }
    return (recorded.frame, recorded.isNew)
  }

  /// The frame whose second original this is.
  private static func partner(of safe: SafeOriginal, in database: Database) throws -> Int64? {
    guard let (source, object) = safe.origin, let key = object.pairKey else { return nil }
    // Of the spool's frames nobody knows which camera's they are: only another of the spool's is likely to belong there.
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT frame_id, media_type, shot_at, path, in_place, modified_ns
        FROM original JOIN frame ON frame.id = frame_id
        WHERE pair_key = ? AND source IN (?, ?) ORDER BY frame_id DESC
        """, arguments: [key, source, safe.source])
    for row in rows {
      let frame: Int64 = row["frame_id"]
      let types = try String.fetchAll(
        database, sql: "SELECT media_type FROM original WHERE frame_id = ?", arguments: [frame])
      guard OriginalPair.canJoin(safe.original.mediaType, types) else { continue }
      let shotAt = (row["shot_at"] as Int64?).map(Date.init(milliseconds:))
      let path = FilePath(row["path"] as String)
      if OriginalPair.isSameTime(shotAt, object.modifiedAt) { return frame }
      if row["in_place"], safe.original.isInPlace,
        path.removingLastComponent() == safe.original.path.removingLastComponent(),
        OriginalPair.liesUnchanged(path, modifiedNanoseconds: row["modified_ns"])
      {
        return frame
      }
    }
    return nil
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
    _ objects: [SourceObject], source: String, albums: [String], policy: SendingPolicy = SendingPolicy(),
    now: Date = Date()
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
          try Self.assign(frame.id, to: album, policy: policy, now: now, in: database)
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
    return try await read("Looking up a frame") { database in
      guard let known = try Self.original(hash, in: database, spool: spool) else { return nil }
      return try Self.frame(known.frame, in: database, spool: spool)
    }
  }

  /// The condition of a frame that lacks renditions and goes where they are taken. One that goes nowhere else than to
  /// a tus endpoint costs no rendering; when it gets another album, it is one of these. One that is held is none.
  static func isToRender(in database: Database) throws -> String {
    let takers = try takersOfRenditions(in: database)
    guard !takers.isEmpty else { return "FALSE" }
    return """
      frame.rendering = 'waiting' AND EXISTS (SELECT 1 FROM choice WHERE choice.frame_id = frame.id AND is_chosen
        AND destination_id IN (\(takers.map(String.init).joined(separator: ", "))))
      AND NOT EXISTS (SELECT 1 FROM retouch WHERE retouch.frame_id = frame.id AND retouch.state = 'held')
      """
  }

  /// The rows of the albums that take renditions.
  static func takersOfRenditions(in database: Database) throws -> [Int64] {
    try Row.fetchAll(database.cachedStatement(sql: "SELECT id, album FROM destination")).compactMap { row in
      let destination = try? Destination(parsing: row["album"])
      return destination?.takes.contains(.preview) == true ? row["id"] : nil
    }
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

  /// Writes down what was made of a frame, and a delivery of each rendition to each of the frame's albums. The capture
  /// time is corrected by the frame's clock.
  /// - Parameters:
  ///   - renditions: those that were made; none is right for a clip or a picture that cannot be rendered.
  ///   - failure: why not all could be made, for a person; `nil` when all is well.
  /// - Throws: `JournalError`.
  public func recordRenditions(
    _ renditions: [StoredRendition], facts: PictureFacts?, failure: String?, of frame: Frame,
    now: Date = Date()
  ) async throws(JournalError) {
    let spool = self.spool
    try await write("Writing down the renditions of \(frame.original.name)") { database in
      var facts = facts
      if let capturedAt = facts?.capturedAt, let clock = try Self.clock(of: frame.id, in: database) {
        facts?.capturedAt = clock.corrected(capturedAt)
      }
      let json = try facts.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
      for rendition in renditions {
        try database.run(
          """
          INSERT OR REPLACE INTO rendition (frame_id, kind, hash, media_type, bytes, path)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
          [
            frame.id, rendition.kind.rawValue, rendition.hash.blob, rendition.mediaType, rendition.bytes,
            spool.stored(rendition.path),
          ])
      }
      let lead = try Self.frame(frame.id, in: database, spool: spool)?.lead.hash
      // A second original that joined meanwhile may be one of which more can be made.
      let rendering = failure == nil ? "done" : lead == frame.lead.hash ? "failed" : "waiting"
      try database.run(
        "UPDATE frame SET rendering = ?, rendering_failure = ?, facts = ? WHERE id = ?",
        [rendering, failure, json, frame.id])
      try Self.settleReadiness(of: frame.id, in: database)
      try Self.note(FrameMark(rating: facts?.rating), of: frame.id, in: database)
      try Self.addRenditions(of: frame.id, now: now, in: database)
    }
  }

  /// Makes a frame's parked deliveries to an album due.
  static func free(_ frame: Int64, for album: String, in database: Database) throws {
    try database.run(
      """
      UPDATE delivery SET \(due) WHERE frame_id = ? AND state = 'parked'
        AND destination_id = (SELECT id FROM destination WHERE album = ?)
      """, [frame, album])
  }

  private static func insertFrame(
    _ safe: SafeOriginal, session: Int64?, now: Date, in database: Database
  ) throws -> Int64 {
    try database.run(
      """
      INSERT INTO frame (hash, session_id, source, announced_at, safe_at, rendering, clock_offset, zone)
      VALUES (?, ?, ?, ?, ?, 'waiting', ?, ?)
      """,
      [
        safe.original.hash.blob, session, safe.source, safe.announcedAt?.milliseconds, now.milliseconds,
        safe.clock?.offset, safe.clock?.zone,
      ])
    return database.lastInsertedRowID
  }

  private static func insertOriginal(
    _ safe: SafeOriginal, of frame: Int64, in database: Database, spool: Spool
  ) throws {
    let original = safe.original
    if !original.isInPlace { try vacate(spool.stored(original.path), in: database) }
    try database.run(
      """
      INSERT INTO original (frame_id, hash, name, media_type, bytes, path, in_place, modified_ns, pair_key, shot_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        frame, original.hash.blob, original.name, original.mediaType, original.bytes,
        original.isInPlace ? original.path.string : spool.stored(original.path), original.isInPlace,
        original.modifiedNanoseconds, safe.origin?.object.pairKey,
        safe.origin?.object.modifiedAt?.milliseconds,
      ])
  }

  /// The original with these bytes, and its frame.
  private static func original(
    _ hash: ContentHash, in database: Database, spool: Spool
  ) throws -> (original: Original, frame: Int64)? {
    try Row.fetchOne(
      database.cachedStatement(sql: "SELECT * FROM original WHERE hash = ?"), arguments: [hash.blob]
    ).map { (original($0, spool: spool), $0["frame_id"]) }
  }

  static func frame(_ id: Int64, in database: Database, spool: Spool) throws -> Frame? {
    try Row.fetchOne(database.cachedStatement(sql: selectFrame + " WHERE frame.id = ?"), arguments: [id])
      .map { frame($0, spool: spool) }
  }

  /// The id of the original by which a frame is shown: the first that is no RAW, else the first of all.
  static let leadOfFrame = """
    (SELECT id FROM original WHERE original.frame_id = frame.id
      ORDER BY media_type LIKE 'image/x-%', id LIMIT 1)
    """

  /// A frame with its first original, and the one that it is shown by in columns of the same names after `lead_`.
  static let selectFrame = """
    SELECT frame.id, frame.source, frame.announced_at, frame.safe_at, frame.rating, frame.is_protected,
      frame.priority > 0 AS is_pushed,
      original.hash, original.name, original.media_type, original.bytes, original.path, original.in_place,
      original.modified_ns,
      lead.hash AS lead_hash, lead.name AS lead_name, lead.media_type AS lead_media_type, lead.bytes AS lead_bytes,
      lead.path AS lead_path, lead.in_place AS lead_in_place, lead.modified_ns AS lead_modified_ns
    FROM frame JOIN original ON original.hash = frame.hash JOIN original AS lead ON lead.id = \(leadOfFrame)
    """

  static func frame(_ row: Row, spool: Spool) -> Frame {
    Frame(
      id: row["id"], original: original(row, spool: spool),
      lead: original(row, spool: spool, prefix: "lead_"), source: row["source"],
      announcedAt: (row["announced_at"] as Int64?).map(Date.init(milliseconds:)),
      safeAt: Date(milliseconds: row["safe_at"]),
      mark: FrameMark(rating: row["rating"], isProtected: row["is_protected"]), isPushed: row["is_pushed"])
  }

  static func original(_ row: Row, spool: Spool, prefix: String = "") -> Original {
    let isInPlace: Bool = row[prefix + "in_place"]
    let path: String = row[prefix + "path"]
    return Original(
      hash: ContentHash(blob: row[prefix + "hash"]), name: row[prefix + "name"],
      mediaType: row[prefix + "media_type"], bytes: row[prefix + "bytes"],
      path: isInPlace ? FilePath(path) : spool.absolute(path), isInPlace: isInPlace,
      modifiedNanoseconds: row[prefix + "modified_ns"])
  }
}

extension ContentHash {
  /// As the journal's tables hold it.
  var blob: Data { Data(bytes) }

  /// Reads what `blob` wrote; the tables' CHECK guarantees the length.
  init(blob: Data) {
    guard let hash = ContentHash(bytes: blob) else {
      preconditionFailure("a hash in the journal has 32 bytes")
    }
    self = hash
  }
}

extension Spool {
  /// A path of the spool as the journal's tables hold it: relative, so that the home folder can move.
  func stored(_ path: FilePath) -> String {
    let text = path.string
    guard text.utf8.starts(with: prefix.utf8) else { return text }
    return String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
  }

  /// What `stored` wrote, as an absolute path.
  func absolute(_ path: String) -> FilePath {
    FilePath(path.hasPrefix("/") ? path : prefix + path)
  }
}
