public import Foundation
import GRDB
public import Model
import SystemPackage

extension Journal {
  /// Writes down the upload that a destination made for a delivery, before the first byte goes to it.
  /// - Throws: `JournalError`.
  public func beginSending(_ delivery: Delivery, uploadURL: String) async throws(JournalError) {
    try await update(
      delivery,
      "state = 'sending', upload_url = ?, offset = 0, next_try_at = NULL, reason = NULL, reason_code = NULL",
      [uploadURL])
  }

  /// Writes down how many bytes the destination has acknowledged; that is progress, so the tries count anew.
  /// - Throws: `JournalError`.
  public func acknowledge(_ delivery: Delivery, offset: Int64) async throws(JournalError) {
    try await update(
      delivery, "offset = ?, attempts = 0, next_try_at = NULL, reason = NULL, reason_code = NULL", [offset])
  }

  /// Writes down that the destination has all of it.
  /// - Throws: `JournalError`.
  public func markSent(_ delivery: Delivery, now: Date = Date()) async throws(JournalError) {
    try await update(
      delivery,
      """
      state = 'sent', offset = ?, sent_at = ?, next_try_at = NULL, reason = NULL, reason_code = NULL,
      upload_url = NULL
      """,
      [delivery.bytes, now.milliseconds])
  }

  /// Forgets the upload at the destination (it is gone there): the delivery starts from its first byte again.
  /// - Throws: `JournalError`.
  public func restart(_ delivery: Delivery) async throws(JournalError) {
    try await update(delivery, "state = 'waiting', upload_url = NULL, offset = 0", [])
  }

  /// Puts a delivery off after a failed try.
  /// - Throws: `JournalError`.
  public func postpone(
    _ delivery: Delivery, until: Date, reason: String, code: String? = nil, now: Date = Date()
  ) async throws(JournalError) {
    try await update(
      delivery, "attempts = attempts + 1, next_try_at = ?, reason = ?, reason_code = ?, failed_at = ?",
      [until.milliseconds, reason, code, now.milliseconds])
  }

  /// Stops trying until a person has acted.
  /// - Throws: `JournalError`.
  public func park(
    _ delivery: Delivery, reason: String, code: String? = nil, now: Date = Date()
  ) async throws(JournalError) {
    try await update(
      delivery, "state = 'parked', next_try_at = NULL, reason = ?, reason_code = ?, failed_at = ?",
      [reason, code, now.milliseconds])
  }

  /// What makes a delivery due at once, where it was.
  static let due = """
    next_try_at = NULL, attempts = 0, reason = NULL, reason_code = NULL,
    state = CASE WHEN state = 'parked' AND upload_url IS NOT NULL THEN 'sending'
      WHEN state = 'parked' THEN 'waiting' ELSE state END
    """

  /// What waits for each album.
  ///
  /// Only what is open is looked at closely: after a season nearly all is sent, and that needs no more than counting.
  /// - Throws: `JournalError`.
  public func backlogs() async throws(JournalError) -> [Backlog] {
    try await read("Counting deliveries") { database in
      try Row.fetchAll(
        database,
        sql: """
          WITH open AS (
            SELECT * FROM delivery WHERE state IN ('waiting', 'sending')
            UNION ALL SELECT * FROM delivery WHERE state = 'parked'),
          held AS (SELECT destination_id, COUNT(*) AS count FROM delivery WHERE state = 'held' GROUP BY destination_id)
          SELECT album,
            COUNT(open.id) FILTER (WHERE open.state != 'parked') AS waiting,
            COALESCE(SUM(COALESCE(rendition.bytes, published.bytes, original.bytes) - open.offset)
              FILTER (WHERE open.state != 'parked'), 0) AS waiting_bytes,
            COUNT(open.id) FILTER (WHERE open.state = 'parked') AS parked,
            COALESCE(held.count, 0) AS held,
            total.deliveries - COUNT(open.id) - COALESCE(held.count, 0) AS sent
          FROM (SELECT destination_id, COUNT(*) AS deliveries FROM delivery GROUP BY destination_id) AS total
            JOIN destination ON destination.id = total.destination_id
            LEFT JOIN open ON open.destination_id = destination.id
            LEFT JOIN held ON held.destination_id = destination.id
            LEFT JOIN original ON original.id = open.original_id
            LEFT JOIN rendition ON rendition.frame_id = open.frame_id AND rendition.kind = open.kind
            LEFT JOIN published ON published.original_id = original.id AND open.kind = 'original'
          GROUP BY destination.id ORDER BY destination.id
          """
      ).map { row in
        Backlog(
          album: row["album"], waiting: row["waiting"], waitingBytes: row["waiting_bytes"],
          parked: row["parked"], held: row["held"], sent: row["sent"])
      }
    }
  }

  /// How many frames each album can show (their preview is there), and how many it has whole (their original is).
  /// Albums without either are left out. Looks at every delivery: for a person who asks, not for a loop.
  /// - Throws: `JournalError`.
  public func arrivals() async throws(JournalError) -> [String: (viewable: Int, delivered: Int)] {
    try await read("Counting what has arrived") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT album, COUNT(*) FILTER (WHERE kind = 'preview') AS viewable,
            COUNT(DISTINCT frame_id) FILTER (WHERE kind = 'original') AS delivered
          FROM delivery JOIN destination ON destination.id = destination_id
          WHERE state = 'sent' GROUP BY destination.id
          """
      ).reduce(into: [:]) { $0[$1["album"]] = ($1["viewable"], $1["delivered"]) }
    }
  }

  /// How many frames of the journal are safe, and how many of them are still to be rendered.
  /// - Throws: `JournalError`.
  public func frameCounts() async throws(JournalError) -> (safe: Int, toRender: Int) {
    try await read("Counting frames") { database in
      (
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM frame") ?? 0,
        try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM frame WHERE \(Self.isToRender(in: database))")
          ?? 0
      )
    }
  }

  /// Whether a frame is in all of some albums: every delivery to them is sent and none is still to be made. What is
  /// kept back does not count.
  /// - Parameter albums: as given; what waits for other albums does not count.
  /// - Throws: `JournalError`.
  public func isDelivered(_ frame: ContentHash, to albums: [String]) async throws(JournalError) -> Bool {
    let needsRenditions = albums.contains {
      (try? Destination(parsing: $0))?.takes.contains(.preview) ?? false
    }
    return try await read("Looking at deliveries") { database in
      let places = Array(repeating: "?", count: albums.count).joined(separator: ", ")
      return try Bool.fetchOne(
        database.cachedStatement(
          sql: """
              SELECT (NOT ? OR rendering != 'waiting' OR NOT EXISTS (SELECT 1 FROM choice
                JOIN destination ON destination.id = destination_id
                WHERE frame_id = frame.id AND is_chosen AND album IN (\(places))))
              AND NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.id = destination_id
                WHERE frame_id = frame.id AND state NOT IN ('sent', 'held') AND album IN (\(places)))
            FROM frame WHERE hash = ?
            """),
        arguments: [needsRenditions] + StatementArguments(albums + albums) + [frame.blob]) ?? false
    }
  }

  private func update(
    _ delivery: Delivery, _ assignments: String, _ values: [(any DatabaseValueConvertible & Sendable)?]
  ) async throws(JournalError) {
    try await write("Writing down the delivery of \(delivery.name)") { database in
      try database.run(
        "UPDATE delivery SET \(assignments) WHERE id = ? AND state NOT IN ('held', 'sent')",
        StatementArguments(values + [delivery.id]))
    }
  }

  static let selectDelivery = """
    SELECT delivery.id, destination.album, delivery.kind, delivery.state, delivery.offset, delivery.upload_url,
      delivery.attempts, delivery.added_at, delivery.next_try_at, \(step) AS step, \(reason) AS reason,
      delivery.reason_code,
      COALESCE(rendition.hash, published.hash, original.hash) AS hash,
      COALESCE(rendition.bytes, published.bytes, original.bytes) AS bytes,
      COALESCE(rendition.media_type, published.media_type, original.media_type) AS media_type,
      COALESCE(rendition.path, published.path, original.path) AS path,
      rendition.path IS NULL AND published.path IS NULL AND original.in_place AS in_place, original.modified_ns,
      CASE WHEN rendition.path IS NULL AND published.path IS NULL THEN original.left_at END AS left_at,
      frame.hash AS frame, frame.source, frame.priority > 0 AS is_pushed, COALESCE(published.name, original.name) AS name, original.bytes AS original_bytes,
      frame.facts, frame.announced_at
    FROM delivery
      JOIN destination ON destination.id = delivery.destination_id
      JOIN frame ON frame.id = delivery.frame_id
      JOIN original ON original.id = COALESCE(delivery.original_id, \(leadOfFrame))
      LEFT JOIN rendition ON rendition.frame_id = frame.id AND rendition.kind = delivery.kind
      LEFT JOIN published ON published.original_id = original.id AND delivery.kind = 'original'
    """

  static func delivery(_ row: Row, spool: Spool) -> Delivery {
    let facts: String? = row["facts"]
    return Delivery(
      id: row["id"], album: row["album"], kind: AssetKind(rawValue: row["kind"]) ?? .original,
      state: Delivery.State(rawValue: row["state"]) ?? .waiting, offset: row["offset"],
      uploadURL: row["upload_url"], attempts: row["attempts"],
      addedAt: (row["added_at"] as Int64?).map(Date.init(milliseconds:)),
      nextTryAt: (row["next_try_at"] as Int64?).map(Date.init(milliseconds:)),
      step: (row["step"] as String?).flatMap(Delivery.Step.init(rawValue:)), reason: row["reason"],
      reasonCode: row["reason_code"],
      hash: ContentHash(blob: row["hash"]), bytes: row["bytes"], mediaType: row["media_type"],
      path: spool.absolute(row["path"]), isInPlace: row["in_place"], modifiedNanoseconds: row["modified_ns"],
      leftSpoolAt: (row["left_at"] as Int64?).map(Date.init(milliseconds:)),
      frame: ContentHash(blob: row["frame"]), source: row["source"], isPushed: row["is_pushed"],
      name: row["name"], originalBytes: row["original_bytes"],
      facts: facts.flatMap { try? JSONDecoder().decode(PictureFacts.self, from: Data($0.utf8)) },
      announcedAt: (row["announced_at"] as Int64?).map(Date.init(milliseconds:)))
  }
}
