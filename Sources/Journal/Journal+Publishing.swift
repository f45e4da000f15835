import Foundation
import GRDB
import Model
public import SystemPackage

extension Journal {
  /// Begins a run in which originals are prepared before they go, or not.
  ///
  /// From now on every original that gets a delivery waits until it is prepared: a trigger sees to that, in the same
  /// transaction as the delivery. Originals of earlier runs that are not sent yet come under these wishes too; an
  /// upload of other bytes that was under way is begun anew. An original that was to go without its location is
  /// never forgotten to be one, whatever a later run wishes. What was held is tried once more.
  /// - Throws: `JournalError`.
  public func beginPublishing(_ wishes: OriginalWishes) async throws(JournalError) {
    try await write("Preparing what is published") { database in
      // Whatever came of a required step, it is tried again: beginning a run is what a person does about it.
      try database.execute(sql: "DELETE FROM retouch WHERE state = 'held'")
      try database.execute(sql: "UPDATE published SET state = 'waiting', reason = NULL WHERE state = 'held'")
      guard wishes.arePrepared else { return }
      let without = wishes.areWithoutLocation ? 1 : 0
      try database.execute(
        sql: """
          CREATE TEMP TRIGGER IF NOT EXISTS prepare_original AFTER INSERT ON main.delivery
          WHEN new.kind = 'original' BEGIN
            INSERT INTO published (original_id, state, without_location)
            SELECT id, 'waiting', \(without) FROM original WHERE frame_id = new.frame_id
              AND NOT EXISTS (SELECT 1 FROM published WHERE original_id = original.id);
            UPDATE published SET state = 'waiting', without_location = 1
            WHERE \(without) AND NOT without_location
              AND original_id IN (SELECT id FROM original WHERE frame_id = new.frame_id);
          END
          """)
      let unsent = """
        SELECT original.id FROM original JOIN delivery ON delivery.frame_id = original.frame_id
        WHERE delivery.kind = 'original' AND delivery.state != 'sent'
        """
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'waiting', upload_url = NULL, offset = 0
          WHERE kind = 'original' AND state IN ('waiting', 'sending', 'parked') AND upload_url IS NOT NULL
            AND frame_id IN (
              SELECT frame_id FROM original LEFT JOIN published ON published.original_id = original.id
              WHERE published.original_id IS NULL OR (? AND NOT published.without_location))
          """, arguments: [without])
      try database.execute(
        sql: """
          UPDATE published SET state = 'waiting', without_location = 1
          WHERE ? AND NOT without_location AND original_id IN (\(unsent))
          """, arguments: [without])
      try database.execute(
        sql: """
          INSERT OR IGNORE INTO published (original_id, state, without_location)
          SELECT id, 'waiting', ? FROM (\(unsent))
          """, arguments: [without])
    }
  }

  /// Frames for which something is to be made before they can go: renditions first, and of these the newest, since
  /// guests want now; then originals, the oldest first.
  /// - Throws: `JournalError`.
  public func preparations(limit: Int) async throws(JournalError) -> [Preparation] {
    let spool = self.spool
    return try await read("Looking for frames to prepare") { database in
      let isToRender = try Self.isToRender(in: database)
      var found = try Row.fetchAll(
        database,
        sql: """
          SELECT known.*, TRUE AS needs_renditions, published.without_location FROM (
            \(Self.selectFrame) WHERE \(isToRender) ORDER BY frame.id DESC LIMIT ?) AS known
          LEFT JOIN published ON published.original_id = known.original_id AND published.state = 'waiting'
          ORDER BY known.id DESC
          """, arguments: [limit])
      if found.count < limit {
        found += try Row.fetchAll(
          database,
          sql: """
            SELECT known.*, FALSE AS needs_renditions, published.without_location FROM published
              JOIN (\(Self.selectFrame) WHERE NOT (\(isToRender))) AS known ON known.original_id = published.original_id
            WHERE published.state = 'waiting' ORDER BY published.original_id LIMIT ?
            """, arguments: [limit - found.count])
      }
      return found.map { row in
        let without: Bool? = row["without_location"]
        return Preparation(
          frame: Self.frame(row, spool: spool), needsRenditions: row["needs_renditions"],
          original: without.map { OriginalWishes(arePrepared: true, areWithoutLocation: $0) })
      }
    }
  }

  /// What came of a frame's retouching step; `nil` if it was not run to its end.
  /// - Throws: `JournalError`.
  public func retouching(of frame: Frame) async throws(JournalError) -> Retouching? {
    let spool = self.spool
    return try await read("Looking up a retouched frame") { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM retouch WHERE frame_id = ?", arguments: [frame.id])
      else { return nil }
      switch row["state"] as String {
      case "done":
        return .done(
          DerivedFile(
            hash: ContentHash(blob: row["hash"]), name: frame.original.name, mediaType: row["media_type"],
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
    try await write("Writing down the retouching of \(frame.original.name)") { database in
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

  /// Writes down what goes to albums for a frame's original; from here on it may.
  /// - Throws: `JournalError`.
  public func record(_ published: PublishedOriginal, of frame: Frame) async throws(JournalError) {
    let spool = self.spool
    try await write("Writing down what is published of \(frame.original.name)") { database in
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
          file.map { spool.stored($0.path) }, frame.original.hash.blob,
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
