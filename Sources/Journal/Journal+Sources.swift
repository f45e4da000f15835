import Foundation
import GRDB

extension Journal {
  /// What a session knows of objects of one source; an object that is missing in the answer is new.
  ///
  /// What was there when a later session began may be this one's own: shot after its last run, and to be fetched by its next.
  /// What another session is owed is that one's, and as if it had been there before.
  /// - Throws: `JournalError`.
  public func dispositions(
    of objects: [SourceObject], source: String, session: Session
  ) async throws(JournalError) -> [SourceObject: Disposition] {
    try await read("Looking up what was already taken") { database in
      var known: [SourceObject: Disposition] = [:]
      let statement = try database.makeStatement(
        sql: """
          SELECT disposition FROM source_object
          WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ?
            AND (disposition <> 'baseline' OR session_id IS NULL OR session_id <= ?)
          UNION ALL
          SELECT 'baseline' FROM owed_object
          WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ? AND session_id <> ?
          """)
      for object in objects {
        let key: StatementArguments = [
          source, object.folder, object.name, object.bytes, object.modified, session.id,
        ]
        let text = try String.fetchOne(statement, arguments: key + key)
        if let text { known[object] = Disposition(rawValue: text) }
      }
      return known
    }
  }

  /// Whether this session has already written down what was on this source when it began.
  /// - Throws: `JournalError`.
  public func hasBaseline(_ session: Session, source: String) async throws(JournalError) -> Bool {
    try await read("Looking for the session's first listing") { database in
      try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM baseline WHERE session_id = ? AND source = ?)",
        arguments: [session.id, source]) ?? false
    }
  }

  /// Writes down what was on a source when the session began: all of it that is not known yet is not asked for, but
  /// for what the session was told of meanwhile (`recordOwed`). What another session is owed is that one's.
  /// - Throws: `JournalError`.
  public func recordBaseline(
    _ objects: [SourceObject], source: String, session: Session
  ) async throws(JournalError) {
    try await write("Writing down the first listing") { database in
      let isOwed = try database.makeStatement(
        sql: """
          SELECT 1 FROM owed_object
          WHERE source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ? AND session_id = ?
          """)
      for object in objects {
        let key: StatementArguments = [
          source, object.folder, object.name, object.bytes, object.modified, session.id,
        ]
        guard try Row.fetchOne(isOwed, arguments: key) == nil else { continue }
        try Self.record(object, source: source, as: .baseline, frame: nil, session: session.id, in: database)
      }
      try database.execute(
        sql: "INSERT OR IGNORE INTO baseline (session_id, source) VALUES (?, ?)",
        arguments: [session.id, source])
    }
  }

  /// Writes down that an object cannot be taken, so that it is not tried again.
  /// - Throws: `JournalError`.
  public func recordRefused(
    _ object: SourceObject, source: String, session: Session
  ) async throws(JournalError) {
    try await write("Writing down a refused object") { database in
      try Self.record(object, source: source, as: .refused, frame: nil, session: session.id, in: database)
    }
  }

  /// Writes one object down; what is already taken stays so, and what was there at the beginning of several sessions is
  /// known from the first of them on.
  static func record(
    _ object: SourceObject, source: String, as disposition: Disposition, frame: Int64?, session: Int64?,
    in database: Database
  ) throws {
    try database.run(
      """
      INSERT INTO source_object (source, folder, name, bytes, modified, disposition, session_id, frame_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source, folder, name, bytes, modified) DO UPDATE
      SET disposition = excluded.disposition, frame_id = excluded.frame_id, session_id = excluded.session_id
      WHERE excluded.disposition = 'taken'
        OR source_object.disposition = 'baseline' AND excluded.session_id < source_object.session_id
      """,
      [
        source, object.folder, object.name, object.bytes, object.modified, disposition.rawValue, session,
        frame,
      ])
    if disposition != .baseline { try settleOwed(object, source: source, in: database) }
  }
}
