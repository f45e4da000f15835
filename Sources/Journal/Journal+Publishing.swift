import Blocking
import Foundation
import GRDB
import Model
public import SystemPackage

extension Journal {
  /// Begins a run in which originals are prepared before they go, or not.
  ///
  /// From now on every original that gets a delivery, or whose delivery is made anew, waits until it is prepared: a
  /// trigger sees to that, in the same transaction, whichever process writes it. Originals of earlier runs that are not
  /// sent yet come under these wishes too; an upload of other bytes that was under way is begun anew. An original that
  /// was to go without its location is never forgotten to be one, whatever a later run wishes. What was held is tried
  /// once more.
  /// - Throws: `JournalError`.
  public func beginPublishing(_ wishes: OriginalWishes) async throws(JournalError) {
    try await write("Preparing what is published") { database in
      // Whatever came of a required step, it is tried again: beginning a run is what a person does about it.
      try database.execute(sql: "DELETE FROM retouch WHERE state = 'held'")
      try database.execute(sql: "UPDATE published SET state = 'waiting', reason = NULL WHERE state = 'held'")
      try Self.endPublishing(in: database)
      guard wishes.arePrepared else { return }
      let without = wishes.areWithoutLocation ? 1 : 0
      try database.execute(
        sql: "INSERT INTO publishing_wish (id, without_location) VALUES (1, ?)", arguments: [without])
      let unsent = """
        SELECT DISTINCT original_id FROM delivery WHERE kind = 'original' AND state != 'sent'
        """
      let willChange = """
        kind = 'original' AND state IN ('waiting', 'sending', 'parked')
          AND original_id IN (
            SELECT original.id FROM original LEFT JOIN published ON published.original_id = original.id
            WHERE published.original_id IS NULL OR (? AND NOT published.without_location))
        """
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'waiting', upload_url = NULL, stored_at = NULL, offset = 0
          WHERE (upload_url IS NOT NULL OR stored_at IS NOT NULL
            OR EXISTS (SELECT 1 FROM parted_upload WHERE delivery_id = delivery.id)) AND \(willChange)
          """, arguments: [without])
      // Parts of the old bytes must never be joined with new ones.
      try database.execute(
        sql: """
          UPDATE parted_upload SET delivery_id = NULL
          WHERE delivery_id IN (SELECT id FROM delivery WHERE \(willChange))
          """, arguments: [without])
      try database.execute(
        sql: """
          UPDATE published SET state = 'waiting', without_location = 1
          WHERE ? AND NOT without_location AND original_id IN (\(unsent))
          """, arguments: [without])
      try database.execute(
        sql: """
          INSERT OR IGNORE INTO published (original_id, state, without_location)
          SELECT original_id, 'waiting', ? FROM (\(unsent))
          """, arguments: [without])
    }
  }

  /// A run's wishes are over: what is queued from now on comes under those of the next.
  static func endPublishing(in database: Database) throws {
    // Without a condition SQLite writes the table's page also where it is empty, and a full disk has no room for that.
    try database.execute(sql: "DELETE FROM publishing_wish WHERE id = 1")
  }

  /// What is to be made before frames can go: renditions first, each source in turn (`Turns`) and of each the newest,
  /// since guests want now; then originals that are to go, the oldest first. Frames that a person has pushed to the front
  /// come before all others.
  /// - Parameters:
  ///   - limit: how many at most: of pushed frames, of each source's frames, and of originals.
  ///   - works: frames that are left out, since they are in work.
  /// - Throws: `JournalError`.
  public func preparations(
    limit: Int, besides works: Set<Int64> = []
  ) async throws(JournalError) -> [Preparation] {
    let spool = self.spool
    return try await read("Looking for frames to prepare") { database in
      let isToRender = try Self.isToRender(in: database)
      let inWork = "[\(works.map(String.init).joined(separator: ","))]"
      func frames(_ condition: String, _ order: String, _ arguments: StatementArguments = []) throws
        -> [Frame]
      {
        try Int64.fetchAll(
          database.cachedStatement(
            sql: """
              SELECT frame.id FROM frame \(condition) AND \(isToRender)
                AND frame.id NOT IN (SELECT value FROM json_each(?)) ORDER BY \(order) LIMIT ?
              """), arguments: arguments + [inWork, limit]
        ).compactMap { try Self.frame($0, in: database, spool: spool) }
      }
      var toRender: [Frame] = []
      if isToRender != "FALSE" {
        let sources = try Self.sources(in: database) { comparison in
          """
          SELECT source FROM frame INDEXED BY frame_to_render_in_turn
          WHERE rendering = 'waiting' AND priority = 0 AND source \(comparison) ? ORDER BY source LIMIT 1
          """
        }
        var waiting: [Frame] = []
        for source in sources {
          waiting += try frames(
            "INDEXED BY frame_to_render_in_turn WHERE frame.priority = 0 AND frame.source = ?",
            "frame.id DESC",
            [source])
        }
        toRender = try frames(
          "INDEXED BY frame_first WHERE frame.priority > 0", "frame.priority DESC, frame.id DESC")
        toRender += Turns().order(waiting.sorted { $0.id > $1.id }) { $0.source }
      }
      let originals = try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT known.*, published.without_location,
              own.hash AS own_hash, own.name AS own_name, own.media_type AS own_media_type, own.bytes AS own_bytes,
              own.path AS own_path, own.in_place AS own_in_place, own.modified_ns AS own_modified_ns
            FROM published JOIN original AS own ON own.id = published.original_id
              JOIN (\(Self.selectFrame) WHERE NOT (\(isToRender))) AS known ON known.id = own.frame_id
            WHERE published.state = 'waiting' AND own.frame_id NOT IN (SELECT value FROM json_each(?))
              AND EXISTS (SELECT 1 FROM delivery WHERE original_id = own.id AND state NOT IN ('held', 'sent'))
            ORDER BY published.original_id LIMIT ?
            """), arguments: [inWork, max(0, limit - toRender.count)]
      ).map { row in
        Preparation(
          frame: Self.frame(row, spool: spool),
          part: .original(
            Self.original(row, spool: spool, prefix: "own_"),
            OriginalWishes(arePrepared: true, areWithoutLocation: row["without_location"])))
      }
      return toRender.map { Preparation(frame: $0, part: .renditions) } + originals
    }
  }

  /// What came of a frame's retouching step; `nil` if it was not run to its end.
  /// - Throws: `JournalError`.
  public func retouching(of frame: Frame) async throws(JournalError) -> Retouching? {
    let spool = self.spool
    return try await read("Looking up a retouched frame") { database in
      guard
        let row = try Row.fetchOne(
          database.cachedStatement(sql: "SELECT * FROM retouch WHERE frame_id = ?"), arguments: [frame.id])
      else { return nil }
      switch row["state"] as String {
      case "done":
        return .done(
          DerivedFile(
            hash: ContentHash(blob: row["hash"]),
            name: MediaType.name(frame.lead.name, for: row["media_type"]),
            mediaType: row["media_type"],
            bytes: row["bytes"], path: spool.absolute(row["path"])))
      case "failed": return .failed(reason: row["reason"] ?? "")
      default: return .held(reason: row["reason"] ?? "")
      }
    }
  }

  /// Writes down what came of a frame's retouching step. A frame that is held keeps its original back as well.
  /// - Throws: `JournalError`.
  public func record(_ retouching: Retouching, of frame: Frame) async throws(JournalError) {
    let spool = self.spool
    try await write("Writing down the retouching of \(frame.lead.name)") { database in
      let state: String
      var reason: String?
      var file: DerivedFile?
      switch retouching {
      case .done(let done): (state, file) = ("done", done)
      case .failed(let words): (state, reason) = ("failed", words)
      case .held(let words): (state, reason) = ("held", words)
      }
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO retouch (frame_id, state, reason, hash, media_type, bytes, path)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          frame.id, state, reason, file?.hash.blob, file?.mediaType, file?.bytes,
          file.map { spool.stored($0.path) },
        ])
      guard case .held = retouching else { return }
      try database.execute(
        sql: """
          UPDATE published SET state = 'held', reason = ?
          WHERE state = 'waiting' AND original_id IN (SELECT id FROM original WHERE frame_id = ?)
          """, arguments: [reason, frame.id])
    }
  }

  /// Writes down what goes to albums for an original; from here on it may.
  /// - Throws: `JournalError`.
  public func record(_ published: PublishedOriginal, of original: Original) async throws(JournalError) {
    let spool = self.spool
    try await write("Writing down what is published of \(original.name)") { database in
      let state: String
      var reason: String?
      var file: DerivedFile?
      switch published {
      case .asItIs: state = "as_is"
      case .copy(let copy): (state, file) = ("copy", copy)
      case .held(let words): (state, reason) = ("held", words)
      }
      try database.execute(
        sql: """
          UPDATE published SET state = ?, reason = ?, hash = ?, name = ?, media_type = ?, bytes = ?, path = ?
          WHERE original_id = (SELECT id FROM original WHERE hash = ?)
          """,
        arguments: [
          state, reason, file?.hash.blob, file?.name, file?.mediaType, file?.bytes,
          file.map { spool.stored($0.path) }, original.hash.blob,
        ])
    }
  }

  /// Gives a file that was made from an original a lasting name in the spool, durably.
  /// - Parameters:
  ///   - file: whole, in `Spool.workFolder()`; it is moved.
  ///   - name: what it is called in an album.
  /// - Throws: `JournalError`.
  public func adopt(
    _ file: FilePath, name: String, mediaType: String
  ) async throws(JournalError) -> DerivedFile {
    let spool = self.spool
    return try await offload { () throws(JournalError) in
      let (hash, bytes) = try Self.hash(of: file)
      let path = try spool.adopt(derived: file, hash: hash)
      return DerivedFile(hash: hash, name: name, mediaType: mediaType, bytes: bytes, path: path)
    }
  }
}
