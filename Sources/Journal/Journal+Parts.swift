import Foundation
import GRDB
import Model
import SystemPackage

/// An upload in parts that a destination made, and what it has acknowledged of it.
public struct PartedUpload: Hashable, Sendable, Identifiable {
  /// The row in this journal.
  public var id: Int64
  /// What the parts will make: an object's key, which is named by its content, or the content's SHA-256. Parts of one
  /// content are never joined with those of another.
  public var object: String
  /// The destination's own name of the upload.
  public var uploadID: String
  /// The length of every part but the last.
  public var partBytes: Int64
  /// What the destination calls the parts that it has, by their numbers from 1.
  public var tags: [Int: String]
}

extension Journal {
  /// The upload in parts that is open for a delivery; `nil` if there is none.
  /// - Throws: `JournalError`.
  public func partedUpload(of delivery: Delivery) async throws(JournalError) -> PartedUpload? {
    try await read("Looking for the parts of \(delivery.name)") { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM parted_upload WHERE delivery_id = ?", arguments: [delivery.id])
      return try row.map { row in
        try Self.partedUpload(row, in: database)
      }
    }
  }

  /// Writes down an upload in parts before its first part goes.
  ///
  /// One that was open for this delivery before is kept as abandoned, to be thrown away at the destination; so is this one if
  /// the delivery was dropped meanwhile.
  /// - Throws: `JournalError`.
  public func beginParts(
    of delivery: Delivery, object: String, uploadID: String, partBytes: Int64
  ) async throws(JournalError) -> PartedUpload {
    try await write("Writing down an upload of \(delivery.name)") { database in
      try Self.abandonParts(of: delivery.id, in: database)
      try database.execute(
        sql: """
          INSERT INTO parted_upload (destination_id, delivery_id, object, upload_id, part_bytes)
          SELECT destination_id, CASE WHEN state NOT IN ('held', 'sent') THEN id END, ?, ?, ?
          FROM delivery WHERE id = ?
          """, arguments: [object, uploadID, partBytes, delivery.id])
      let id = database.lastInsertedRowID
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'sending', offset = 0, next_try_at = NULL, reason = NULL, reason_code = NULL
          WHERE id = ? AND state NOT IN ('held', 'sent')
          """, arguments: [delivery.id])
      return PartedUpload(id: id, object: object, uploadID: uploadID, partBytes: partBytes, tags: [:])
    }
  }

  /// Writes down a part that the destination has acknowledged; that is progress, so the tries count anew.
  /// - Throws: `JournalError`.
  public func acknowledgePart(
    _ number: Int, bytes: Int64, tag: String, in upload: PartedUpload, of delivery: Delivery
  ) async throws(JournalError) {
    try await write("Writing down a part of \(delivery.name)") { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO part (upload_id, number, bytes, tag) VALUES (?, ?, ?, ?)",
        arguments: [upload.id, number, bytes, tag])
      try Self.countParts(of: upload, delivery, in: database)
    }
  }

  /// Replaces what is known of an upload's parts by what the destination says that it has.
  /// - Parameter parts: their lengths and tags by number.
  /// - Throws: `JournalError`.
  public func adoptParts(
    _ parts: [Int: (bytes: Int64, tag: String)], in upload: PartedUpload, of delivery: Delivery
  ) async throws(JournalError) {
    try await write("Writing down the parts of \(delivery.name)") { database in
      try database.execute(sql: "DELETE FROM part WHERE upload_id = ?", arguments: [upload.id])
      for (number, part) in parts {
        try database.execute(
          sql: "INSERT INTO part (upload_id, number, bytes, tag) VALUES (?, ?, ?, ?)",
          arguments: [upload.id, number, part.bytes, part.tag])
      }
      try Self.countParts(of: upload, delivery, in: database)
    }
  }

  /// Gives an upload up: the delivery starts from its first byte again, and the upload is abandoned.
  /// - Throws: `JournalError`.
  public func abandonParts(of delivery: Delivery) async throws(JournalError) {
    try await write("Giving up an upload of \(delivery.name)") { database in
      try Self.abandonParts(of: delivery.id, in: database)
      try database.execute(
        sql: "UPDATE delivery SET state = 'waiting', offset = 0 WHERE id = ? AND state = 'sending'",
        arguments: [delivery.id])
    }
  }

  /// Uploads in parts to an album that nothing needs any longer: given up, or their delivery is dropped or done.
  /// - Throws: `JournalError`.
  public func abandonedUploads(to album: String) async throws(JournalError) -> [PartedUpload] {
    try await read("Looking for abandoned uploads") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT parted_upload.* FROM parted_upload
            JOIN destination ON destination.id = parted_upload.destination_id
            LEFT JOIN delivery ON delivery.id = delivery_id
          WHERE album = ? AND (delivery.id IS NULL OR delivery.state = 'sent' OR delivery.stored_at IS NOT NULL)
          """, arguments: [album]
      ).map { try Self.partedUpload($0, in: database) }
    }
  }

  /// Forgets an upload that is gone at the destination.
  /// - Throws: `JournalError`.
  public func forget(_ upload: PartedUpload) async throws(JournalError) {
    try await write("Forgetting an upload") { database in
      try database.execute(sql: "DELETE FROM parted_upload WHERE id = ?", arguments: [upload.id])
    }
  }

  private static func abandonParts(of delivery: Int64, in database: Database) throws {
    try database.execute(
      sql: "UPDATE parted_upload SET delivery_id = NULL WHERE delivery_id = ?", arguments: [delivery])
  }

  private static func countParts(of upload: PartedUpload, _ delivery: Delivery, in database: Database) throws
  {
    try database.execute(
      sql: """
        UPDATE delivery SET offset = (SELECT COALESCE(SUM(bytes), 0) FROM part WHERE upload_id = ?),
          attempts = 0, next_try_at = NULL, reason = NULL, reason_code = NULL WHERE id = ?
        """, arguments: [upload.id, delivery.id])
  }

  private static func partedUpload(_ row: Row, in database: Database) throws -> PartedUpload {
    var upload = PartedUpload(
      id: row["id"], object: row["object"], uploadID: row["upload_id"], partBytes: row["part_bytes"],
      tags: [:])
    let parts = try Row.fetchAll(
      database, sql: "SELECT number, tag FROM part WHERE upload_id = ?", arguments: [upload.id])
    for part in parts { upload.tags[part["number"]] = part["tag"] }
    return upload
  }
}
