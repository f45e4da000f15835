public import Foundation
import GRDB
public import Model
import SystemPackage

extension Journal {
  /// Deliveries to one album that can go now, in the order in which they should: thumbnails, previews, originals;
  /// the newest rendition first, the oldest original first (architecture.md, "Scheduling deliveries").
  ///
  /// An original waits until its frame's renditions are made (or cannot be), unless the album takes originals only.
  /// - Parameters:
  ///   - kinds: only these.
  ///   - limit: how many at most, per kind.
  /// - Throws: `JournalError`.
  public func dueDeliveries(
    to album: String, kinds: [AssetKind] = AssetKind.allCases, limit: Int, now: Date = Date()
  ) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    let takesRenditions = (try? Destination(parsing: album))?.takes.contains(.preview) ?? false
    return try await read("Looking for due deliveries") { database in
      try kinds.sorted().flatMap { kind in
        try Row.fetchAll(
          database,
          sql: Self.selectDelivery + """
             WHERE destination.album = ? AND delivery.kind = ? AND delivery.state IN ('waiting', 'sending')
              AND (delivery.next_try_at IS NULL OR delivery.next_try_at <= ?)
              \(kind == .original && takesRenditions ? "AND frame.rendering != 'waiting'" : "")
             ORDER BY delivery.frame_id \(kind == .original ? "ASC" : "DESC") LIMIT ?
            """, arguments: [album, kind.rawValue, now.milliseconds, limit]
        ).map { Self.delivery($0, spool: spool) }
      }
    }
  }

  /// When the next delivery to an album that waits for a time is due; `nil` if none does.
  /// - Throws: `JournalError`.
  public func nextTry(to album: String) async throws(JournalError) -> Date? {
    try await read("Looking for the next try") { database in
      try Int64.fetchOne(
        database,
        sql: """
          SELECT MIN(next_try_at) FROM delivery JOIN destination ON destination.id = delivery.destination_id
          WHERE album = ? AND state IN ('waiting', 'sending') AND next_try_at IS NOT NULL
          """, arguments: [album]
      ).map(Date.init(milliseconds:))
    }
  }

  /// Writes down the upload that a destination made for a delivery, before the first byte goes to it.
  /// - Throws: `JournalError`.
  public func beginSending(_ delivery: Delivery, uploadURL: String) async throws(JournalError) {
    try await update(
      delivery, "state = 'sending', upload_url = ?, offset = 0, next_try_at = NULL, reason = NULL",
      [uploadURL])
  }

  /// Writes down how many bytes the destination has acknowledged; that is progress, so the tries count anew.
  /// - Throws: `JournalError`.
  public func acknowledge(_ delivery: Delivery, offset: Int64) async throws(JournalError) {
    try await update(
      delivery, "offset = ?, attempts = 0, next_try_at = NULL, reason = NULL", [offset])
  }

  /// Writes down that the destination has all of it.
  /// - Throws: `JournalError`.
  public func markSent(_ delivery: Delivery, now: Date = Date()) async throws(JournalError) {
    try await update(
      delivery,
      "state = 'sent', offset = ?, sent_at = ?, next_try_at = NULL, reason = NULL, upload_url = NULL",
      [delivery.bytes, now.milliseconds])
  }

  /// Forgets the upload at the destination (it is gone there): the delivery starts from its first byte again.
  /// - Throws: `JournalError`.
  public func restart(_ delivery: Delivery) async throws(JournalError) {
    try await update(delivery, "state = 'waiting', upload_url = NULL, offset = 0", [])
  }

  /// Puts a delivery off after a failed try.
  /// - Throws: `JournalError`.
  public func postpone(_ delivery: Delivery, until: Date, reason: String) async throws(JournalError) {
    try await update(
      delivery, "attempts = attempts + 1, next_try_at = ?, reason = ?", [until.milliseconds, reason])
  }

  /// Stops trying until a person has acted.
  /// - Throws: `JournalError`.
  public func park(_ delivery: Delivery, reason: String) async throws(JournalError) {
    try await update(delivery, "state = 'parked', next_try_at = NULL, reason = ?", [reason])
  }

  /// Makes every parked or put-off delivery due at once.
  /// - Parameter album: only to this album; `nil` is all.
  /// - Returns: how many.
  /// - Throws: `JournalError`.
  @discardableResult
  public func retry(album: String? = nil) async throws(JournalError) -> Int {
    try await write("Retrying deliveries") { database in
      try database.execute(
        sql: """
          UPDATE delivery SET next_try_at = NULL, attempts = 0, reason = NULL,
            state = CASE WHEN state = 'parked' AND upload_url IS NOT NULL THEN 'sending'
              WHEN state = 'parked' THEN 'waiting' ELSE state END
          WHERE (state = 'parked' OR next_try_at IS NOT NULL)
            AND (? IS NULL OR destination_id = (SELECT id FROM destination WHERE album = ?))
          """, arguments: [album, album])
      return database.changesCount
    }
  }

  /// Deliveries that are not done, in the order of their frames, for a person to read.
  /// - Throws: `JournalError`.
  public func openDeliveries(limit: Int) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Reading the queue") { database in
      try Row.fetchAll(
        database,
        sql: Self.selectDelivery
          + " WHERE delivery.state != 'sent' ORDER BY delivery.frame_id, delivery.id LIMIT ?",
        arguments: [limit]
      ).map { Self.delivery($0, spool: spool) }
    }
  }

  /// What waits for each album.
  /// - Throws: `JournalError`.
  public func backlogs() async throws(JournalError) -> [Backlog] {
    try await read("Counting deliveries") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT album,
            COUNT(*) FILTER (WHERE state IN ('waiting', 'sending')) AS waiting,
            COALESCE(SUM(COALESCE(rendition.bytes, original.bytes) - offset)
              FILTER (WHERE state IN ('waiting', 'sending')), 0) AS waiting_bytes,
            COUNT(*) FILTER (WHERE state = 'parked') AS parked,
            COUNT(*) FILTER (WHERE state = 'sent') AS sent,
            MAX(reason) FILTER (WHERE state IN ('waiting', 'sending', 'parked')) AS reason
          FROM delivery JOIN destination ON destination.id = delivery.destination_id
            JOIN original ON original.frame_id = delivery.frame_id
            LEFT JOIN rendition ON rendition.frame_id = delivery.frame_id AND rendition.kind = delivery.kind
          GROUP BY destination.id ORDER BY destination.id
          """
      ).map { row in
        Backlog(
          album: row["album"], waiting: row["waiting"], waitingBytes: row["waiting_bytes"],
          parked: row["parked"],
          sent: row["sent"], reason: row["reason"])
      }
    }
  }

  /// How many frames of the journal are safe, and how many of them lack a rendering.
  /// - Throws: `JournalError`.
  public func frameCounts() async throws(JournalError) -> (safe: Int, toRender: Int) {
    try await read("Counting frames") { database in
      (
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM frame") ?? 0,
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM frame WHERE rendering = 'waiting'") ?? 0
      )
    }
  }

  /// Whether a frame is everywhere where it should be: every delivery is sent and none is still to be made.
  /// - Parameters:
  ///   - albums: only these count; `nil` is all that the frame ever was to go to.
  ///   - needsRenditions: whether any of its albums takes renditions, so that they must be made first.
  /// - Throws: `JournalError`.
  public func isDelivered(
    _ frame: ContentHash, to albums: [String]? = nil, needsRenditions: Bool = true
  ) async throws(JournalError) -> Bool {
    try await read("Looking at deliveries") { database in
      let list = try albums.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
      return try Bool.fetchOne(
        database,
        sql: """
          SELECT (NOT ? OR rendering != 'waiting') AND NOT EXISTS (
            SELECT 1 FROM delivery JOIN destination ON destination.id = delivery.destination_id
            WHERE frame_id = frame.id AND state != 'sent'
              AND (? IS NULL OR album IN (SELECT value FROM json_each(?))))
          FROM frame WHERE hash = ?
          """, arguments: [needsRenditions, list, list, frame.blob]) ?? false
    }
  }

  private func update(
    _ delivery: Delivery, _ assignments: String, _ values: [(any DatabaseValueConvertible & Sendable)]
  ) async throws(JournalError) {
    try await write("Writing down the delivery of \(delivery.name)") { database in
      try database.execute(
        sql: "UPDATE delivery SET \(assignments) WHERE id = ?",
        arguments: StatementArguments(values + [delivery.id]))
    }
  }

  private static let selectDelivery = """
    SELECT delivery.id, destination.album, delivery.kind, delivery.state, delivery.offset, delivery.upload_url,
      delivery.attempts, delivery.next_try_at, delivery.reason,
      COALESCE(rendition.hash, original.hash) AS hash, COALESCE(rendition.bytes, original.bytes) AS bytes,
      COALESCE(rendition.media_type, original.media_type) AS media_type,
      COALESCE(rendition.path, original.path) AS path,
      rendition.path IS NULL AND original.in_place AS in_place, original.modified_ns,
      frame.hash AS frame, original.name, original.bytes AS original_bytes, frame.facts, frame.announced_at
    FROM delivery
      JOIN destination ON destination.id = delivery.destination_id
      JOIN frame ON frame.id = delivery.frame_id
      JOIN original ON original.frame_id = frame.id
      LEFT JOIN rendition ON rendition.frame_id = frame.id AND rendition.kind = delivery.kind
    """

  private static func delivery(_ row: Row, spool: Spool) -> Delivery {
    let facts: String? = row["facts"]
    return Delivery(
      id: row["id"], album: row["album"], kind: AssetKind(rawValue: row["kind"]) ?? .original,
      state: Delivery.State(rawValue: row["state"]) ?? .waiting, offset: row["offset"],
      uploadURL: row["upload_url"], attempts: row["attempts"],
      nextTryAt: (row["next_try_at"] as Int64?).map(Date.init(milliseconds:)), reason: row["reason"],
      hash: ContentHash(blob: row["hash"]), bytes: row["bytes"], mediaType: row["media_type"],
      path: spool.absolute(row["path"]), isInPlace: row["in_place"], modifiedNanoseconds: row["modified_ns"],
      frame: ContentHash(blob: row["frame"]), name: row["name"], originalBytes: row["original_bytes"],
      facts: facts.flatMap { try? JSONDecoder().decode(PictureFacts.self, from: Data($0.utf8)) },
      announcedAt: (row["announced_at"] as Int64?).map(Date.init(milliseconds:)))
  }
}
