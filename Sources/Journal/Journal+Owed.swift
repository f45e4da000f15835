public import Foundation
import GRDB

/// An object that a session wants and has not got yet: announced by its source, or shown by a listing.
public struct OwedObject: Hashable, Sendable {
  public var object: SourceObject
  /// By the camera's word; `nil` where it does not say.
  public var mediaType: String?
  /// Whether a listing showed it, and nobody announced it.
  public var isCatchUp: Bool
  /// When it was first heard of.
  public var seenAt: Date

  public init(object: SourceObject, mediaType: String?, isCatchUp: Bool, seenAt: Date) {
    self.object = object
    self.mediaType = mediaType
    self.isCatchUp = isCatchUp
    self.seenAt = seenAt
  }
}

extension Journal {
  /// Writes down what a session wants, so that it is fetched whatever happens to us: an announced object can then
  /// never be taken for one that was there before. It stays until it is taken or refused, or its session is given up.
  /// - Throws: `JournalError`.
  public func recordOwed(
    _ objects: [OwedObject], source: String, session: Session
  ) async throws(JournalError) {
    guard !objects.isEmpty else { return }
    try await write("Writing down what is to be fetched") { database in
      for owed in objects {
        let object = owed.object
        try database.execute(
          sql: """
            INSERT INTO owed_object
              (session_id, source, folder, name, bytes, modified, media_type, is_catch_up, seen_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (source, folder, name, bytes, modified) DO UPDATE SET session_id = excluded.session_id
            """,
          arguments: [
            session.id, source, object.folder, object.name, object.bytes, object.modified, owed.mediaType,
            owed.isCatchUp, owed.seenAt.milliseconds,
          ])
      }
    }
  }

  /// What a session still wants of a source, in the order in which it was heard of.
  /// - Throws: `JournalError`.
  public func owed(
    in session: Session, source: String
  ) async throws(JournalError) -> [OwedObject] {
    try await read("Looking up what is to be fetched") { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM owed_object WHERE session_id = ? AND source = ? ORDER BY id",
        arguments: [session.id, source]
      ).map { row in
        OwedObject(
          object: SourceObject(
            folder: row["folder"], name: row["name"], bytes: row["bytes"], modified: row["modified"]),
          mediaType: row["media_type"], isCatchUp: row["is_catch_up"],
          seenAt: Date(milliseconds: row["seen_at"]))
      }
    }
  }

  /// How many objects a session still wants.
  /// - Throws: `JournalError`.
  public func owedCount(in session: Session) async throws(JournalError) -> Int {
    try await read("Counting what is to be fetched") { database in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM owed_object WHERE session_id = ?", arguments: [session.id]) ?? 0
    }
  }

  /// An object is taken or refused: it is owed no longer.
  static func settleOwed(_ object: SourceObject, source: String, in database: Database) throws {
    try database.run(
      """
      DELETE FROM owed_object WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ?
      """, [source, object.folder, object.name, object.bytes, object.modified])
  }
}
