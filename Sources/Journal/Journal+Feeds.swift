public import Foundation
import GRDB
public import Model
import SystemPackage

/// This machine's feed in one bucket album.
public struct FeedRecord: Hashable, Sendable {
  /// Who this machine is in the album: random, so that no two ever share a feed.
  public var photographer: String
  /// The feed's head as the bucket was last known to have it.
  public var head: Data?
  /// A head that was being written: the bucket has this one, or still the other.
  public var next: Data?
}

extension Journal {
  /// This machine's feed in an album; made with a new photographer's id if there is none.
  /// - Throws: `JournalError`.
  public func feed(in album: String) async throws(JournalError) -> FeedRecord {
    try await write("Looking up the feed of \(album)") { database in
      let row = try Row.fetchOne(
        database,
        sql: "SELECT feed.* FROM feed JOIN destination ON destination.id = destination_id WHERE album = ?",
        arguments: [album])
      if let row {
        return FeedRecord(photographer: row["photographer"], head: row["head"], next: row["next_head"])
      }
      return try Self.newFeed(in: album, database)
    }
  }

  /// Begins another feed under a new id, because somebody else writes the one that this journal had.
  /// - Throws: `JournalError`.
  public func renewFeed(in album: String) async throws(JournalError) -> FeedRecord {
    try await write("Beginning another feed in \(album)") { try Self.newFeed(in: album, $0) }
  }

  /// Writes down the head that is about to be written to the bucket.
  /// - Throws: `JournalError`.
  public func beginHead(_ head: Data, in album: String) async throws(JournalError) {
    try await write("Writing down a feed's head") { database in
      try database.execute(
        sql: """
          UPDATE feed SET next_head = ? WHERE destination_id = (SELECT id FROM destination WHERE album = ?)
          """, arguments: [head, album])
    }
  }

  /// Writes down that the bucket has a head, and with it that these deliveries are done: one transaction.
  /// - Throws: `JournalError`.
  public func confirmHead(
    _ head: Data, showing deliveries: [Delivery], in album: String, now: Date = Date()
  ) async throws(JournalError) {
    try await write("Writing down that frames are in \(album)") { database in
      try database.execute(
        sql: """
          UPDATE feed SET head = ?, next_head = NULL
          WHERE destination_id = (SELECT id FROM destination WHERE album = ?)
          """, arguments: [head, album])
      for delivery in deliveries {
        try database.execute(
          sql: """
            UPDATE delivery SET state = 'sent', offset = ?, sent_at = ?, next_try_at = NULL, reason = NULL,
              reason_code = NULL, upload_url = NULL WHERE id = ?
            """, arguments: [delivery.bytes, now.milliseconds, delivery.id])
      }
    }
  }

  /// Writes down that all bytes of a delivery lie in the bucket; guests see them when a feed's head names them.
  /// One that was dropped meanwhile stays dropped.
  /// - Throws: `JournalError`.
  public func markStored(_ delivery: Delivery, now: Date = Date()) async throws(JournalError) {
    try await write("Writing down that \(delivery.name) is stored") { database in
      try database.execute(sql: "DELETE FROM parted_upload WHERE delivery_id = ?", arguments: [delivery.id])
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'sending', offset = ?, stored_at = ?, attempts = 0, next_try_at = NULL,
            reason = NULL, reason_code = NULL WHERE id = ? AND state NOT IN ('held', 'sent')
          """, arguments: [delivery.bytes, now.milliseconds, delivery.id])
    }
  }

  /// Deliveries to an album that are stored and that no feed names yet, in the order in which their frames became safe.
  /// - Throws: `JournalError`.
  public func storedDeliveries(to album: String, limit: Int) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Looking for what is stored") { database in
      try Row.fetchAll(
        database,
        sql: Self.selectDelivery + """
           WHERE destination.album = ? AND delivery.state IN ('waiting', 'sending') AND delivery.stored_at IS NOT NULL
           ORDER BY delivery.frame_id, delivery.id LIMIT ?
          """, arguments: [album, limit]
      ).map { Self.delivery($0, spool: spool) }
    }
  }

  /// What an album's bucket has of some frames, shown or not: renditions, and originals in the order of their arrival.
  /// - Throws: `JournalError`.
  public func storedDeliveries(
    of frames: [ContentHash], to album: String
  ) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Looking up what is stored") { database in
      let places = Array(repeating: "?", count: frames.count).joined(separator: ", ")
      return try Row.fetchAll(
        database,
        sql: Self.selectDelivery + """
           WHERE destination.album = ? AND frame.hash IN (\(places))
            AND (delivery.state = 'sent' OR delivery.stored_at IS NOT NULL)
          ORDER BY delivery.frame_id, delivery.original_id
          """, arguments: StatementArguments([album] + frames.map { $0.blob as any DatabaseValueConvertible })
      ).map { Self.delivery($0, spool: spool) }
    }
  }

  private static func newFeed(in album: String, _ database: Database) throws -> FeedRecord {
    try database.execute(sql: "INSERT OR IGNORE INTO destination (album) VALUES (?)", arguments: [album])
    let photographer = String(UInt64.random(in: .min ... .max) | 1 << 63, radix: 16)
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO feed (destination_id, photographer) SELECT id, ? FROM destination WHERE album = ?
        """, arguments: [photographer, album])
    return FeedRecord(photographer: photographer, head: nil, next: nil)
  }
}
