public import Foundation
import GRDB
public import Model
public import SystemPackage

/// An object on a card that may go: delivered everywhere, and every destination has said that it holds these bytes; or in a
/// camera's buffer, and safe.
public struct CardDeletion: Hashable, Sendable {
  public var object: SourceObject
  /// SHA-256 of its bytes when they were taken.
  public var hash: ContentHash
  /// Where the spool has them.
  public var path: FilePath

  /// What became of it.
  public enum State: String, Sendable {
    /// It is to go once everything is true that must be.
    case wanted
    /// The camera was asked; whether it has done it is not known yet.
    case asked
    /// It is gone.
    case deleted
    /// It stays, for a reason that is written down.
    case kept
  }
}

/// An original that lies in an album which has not confirmed that it holds it.
public struct UnconfirmedOriginal: Hashable, Sendable {
  public var hash: ContentHash
  /// The length of its file.
  public var bytes: Int64
  /// Where it stands among the others of its album.
  public var position: Int64
}

extension Journal {
  /// The objects of a source that may go from its card now, oldest first.
  ///
  /// What must be true: the object was taken while deletion was asked for; nothing of its frame is still to be rendered;
  /// its frame goes somewhere; every delivery of it, to whatever destination, is sent, none is parked; and each of
  /// those destinations has confirmed the SHA-256 of exactly this object. Whether the spool still has it, and whether
  /// the card still has it, is for the caller to see.
  /// - Parameter onceSafe: whether it is enough that the object was taken while deletion was asked for: for a camera's
  ///   buffer, which holds a few frames and is no card.
  /// - Throws: `JournalError`.
  public func deletable(
    from source: String, onceSafe: Bool = false
  ) async throws(JournalError) -> [CardDeletion] {
    let spool = self.spool
    return try await read("Looking for what may go from the card") { database in
      let condition =
        onceSafe
        ? ""
        : """
        AND NOT (\(try Self.isToRender(in: database)))
        AND EXISTS (SELECT 1 FROM delivery WHERE delivery.frame_id = frame.id)
        AND NOT EXISTS (
          SELECT 1 FROM delivery WHERE delivery.frame_id = frame.id
            AND (delivery.state != 'sent' OR NOT EXISTS (
              SELECT 1 FROM confirmation
              WHERE confirmation.destination_id = delivery.destination_id
                AND confirmation.hash = card_deletion.hash)))
        """
      return try Row.fetchAll(
        database,
        sql: """
          SELECT source_object.folder, source_object.name, source_object.bytes, source_object.modified,
            card_deletion.hash, original.path
          FROM card_deletion
            JOIN source_object ON source_object.id = card_deletion.object_id
            JOIN frame ON frame.id = source_object.frame_id
            JOIN original ON original.frame_id = frame.id AND original.hash = card_deletion.hash
          WHERE card_deletion.state IN ('wanted', 'asked') AND source_object.source = ? AND original.in_place = 0
            \(condition)
          ORDER BY card_deletion.object_id
          """, arguments: [source]
      ).map {
        CardDeletion(
          object: SourceObject(
            folder: $0["folder"], name: $0["name"], bytes: $0["bytes"], modified: $0["modified"]),
          hash: ContentHash(blob: $0["hash"]), path: spool.absolute($0["path"]))
      }
    }
  }

  /// Writes down what became of a deletion. What is deleted or kept is not looked at again.
  /// - Throws: `JournalError`.
  public func record(
    _ deletion: CardDeletion, source: String, as state: CardDeletion.State, reason: String? = nil,
    now: Date = Date()
  ) async throws(JournalError) {
    let object = deletion.object
    try await write("Writing down the deletion of \(object.name)") { database in
      try database.execute(
        sql: """
          UPDATE card_deletion SET state = ?, reason = ?, changed_at = ? WHERE object_id = (
            SELECT id FROM source_object
            WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ?)
          """,
        arguments: [
          state.rawValue, reason, now.milliseconds, source, object.folder, object.name, object.bytes,
          object.modified,
        ])
    }
  }

  /// Writes down that an object that was just taken is to go from its card, in the transaction that makes it safe.
  static func wantDeletion(
    of object: SourceObject, source: String, hash: ContentHash, now: Date, in database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO card_deletion (object_id, hash, state, changed_at)
        SELECT id, ?, 'wanted', ? FROM source_object
        WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ?
        ON CONFLICT (object_id) DO UPDATE SET hash = excluded.hash, state = 'wanted', reason = NULL
        """,
      arguments: [
        hash.blob, now.milliseconds, source, object.folder, object.name, object.bytes, object.modified,
      ])
  }

  // MARK: Confirmations

  /// Originals that lie in an album and that it has not confirmed yet, although something waits for that. Of what was
  /// published as a copy of the original the album has other bytes, and can confirm none.
  /// - Parameter position: only what comes after it (`UnconfirmedOriginal.position`).
  /// - Throws: `JournalError`.
  public func toConfirm(
    by album: String, after position: Int64 = 0, limit: Int
  ) async throws(JournalError) -> [UnconfirmedOriginal] {
    try await read("Looking for what is to be confirmed") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT card_deletion.hash, original.bytes, MAX(card_deletion.object_id) AS position
          FROM card_deletion
            JOIN original ON original.hash = card_deletion.hash
            LEFT JOIN published ON published.original_id = original.id
            JOIN delivery ON delivery.original_id = original.id
            JOIN destination ON destination.id = delivery.destination_id
          WHERE card_deletion.state IN ('wanted', 'asked') AND destination.album = ?
            AND delivery.kind = 'original' AND delivery.state = 'sent' AND published.state IS NOT 'copy'
            AND NOT EXISTS (
              SELECT 1 FROM confirmation
              WHERE confirmation.destination_id = destination.id AND confirmation.hash = card_deletion.hash)
          GROUP BY card_deletion.hash HAVING position > ? ORDER BY position LIMIT ?
          """, arguments: [album, position, limit]
      ).map {
        UnconfirmedOriginal(
          hash: ContentHash(blob: $0["hash"]), bytes: $0["bytes"], position: $0["position"])
      }
    }
  }

  /// Writes down that an album holds bytes with this hash: it was asked, and looked at the bytes.
  /// - Throws: `JournalError`.
  public func confirm(
    _ hash: ContentHash, by album: String, now: Date = Date()
  ) async throws(JournalError) {
    try await write("Writing down a confirmation") { database in
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO confirmation (destination_id, hash, confirmed_at)
          SELECT id, ?, ? FROM destination WHERE album = ?
          """, arguments: [hash.blob, now.milliseconds, album])
    }
  }
}
