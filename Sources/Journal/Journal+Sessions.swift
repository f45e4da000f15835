public import Foundation
import GRDB

/// One run of `tether`, `upload` or the like, from its start to its end; or several runs, when the ones before did not
/// end it: then what cameras shot between them is the session's own.
public struct Session: Hashable, Sendable, Identifiable {
  public var id: Int64
  public var startedAt: Date
  /// Whether it was begun by a run that did not end it: killed, the power went, or a camera was away at its end.
  public var isContinued: Bool
  /// How many frames older sessions, ended now because nobody went on with them, knew of and never got.
  public var abandoned = 0

  public init(id: Int64, startedAt: Date, isContinued: Bool, abandoned: Int = 0) {
    self.id = id
    self.startedAt = startedAt
    self.isContinued = isContinued
    self.abandoned = abandoned
  }

  /// How long after its last sign of life a session may still be continued: a long day's pause, and no more, so that
  /// what is shot for somebody else in the days between never gets into an album.
  public static let longestPause: TimeInterval = 12 * 60 * 60
}

extension Journal {
  /// Begins a session, or goes on with the last one that nobody ended, if it was for one of the same albums and alive
  /// within `Session.longestPause`: what was shot meanwhile is then still its own.
  /// - Parameter albums: where its frames go, as given; none goes on with a session for any.
  /// - Throws: `JournalError`.
  public func beginSession(albums: [String] = [], now: Date = Date()) async throws(JournalError) -> Session {
    let json: String
    do {
      json = String(decoding: try JSONEncoder().encode(albums), as: UTF8.self)
    } catch {
      throw JournalError(.io, "The session's albums cannot be written down: \(error)")
    }
    return try await write("Beginning the session") { database in
      var abandoned = 0
      let open = try Row.fetchAll(
        database,
        sql: """
          SELECT id, started_at, coalesce(seen_at, started_at) AS seen_at, albums FROM session
          WHERE ended_at IS NULL ORDER BY id DESC
          """)
      for row in open {
        let id: Int64 = row["id"]
        // A sign of life from the future is one of a clock that was set back since.
        guard now.timeIntervalSince(Date(milliseconds: row["seen_at"])) <= Session.longestPause else {
          abandoned += try Self.abandon(session: id, now: now, in: database)
          continue
        }
        let others = try (row["albums"] as String?).map {
          try JSONDecoder().decode([String].self, from: Data($0.utf8))
        }
        guard albums.isEmpty || others?.isEmpty ?? true || !Set(albums).isDisjoint(with: others ?? []) else {
          continue
        }
        try database.execute(
          sql: "UPDATE session SET seen_at = ?, albums = ? WHERE id = ?",
          arguments: [now.milliseconds, json, id])
        return Session(
          id: id, startedAt: Date(milliseconds: row["started_at"]), isContinued: true, abandoned: abandoned)
      }
      try database.execute(
        sql: "INSERT INTO session (started_at, seen_at, albums) VALUES (?, ?, ?)",
        arguments: [now.milliseconds, now.milliseconds, json])
      return Session(
        id: database.lastInsertedRowID, startedAt: now, isContinued: false, abandoned: abandoned)
    }
  }

  /// A sign of life, to be given every minute or so.
  /// - Throws: `JournalError`.
  public func keepAlive(_ session: Session, now: Date = Date()) async throws(JournalError) {
    try await write("Keeping the session alive") { database in
      try database.execute(
        sql: "UPDATE session SET seen_at = ? WHERE id = ?", arguments: [now.milliseconds, session.id])
    }
  }

  /// Ends a session cleanly.
  /// - Throws: `JournalError`.
  public func end(_ session: Session, now: Date = Date()) async throws(JournalError) {
    try await write("Ending the session") { database in
      try database.execute(
        sql: "UPDATE session SET ended_at = ? WHERE id = ?", arguments: [now.milliseconds, session.id])
    }
  }

  /// The sources whose first listing a session has written down: those that it is responsible for.
  /// - Throws: `JournalError`.
  public func sources(of session: Session) async throws(JournalError) -> Set<String> {
    try await read("Looking up the session's cameras") { database in
      try Set(
        String.fetchAll(
          database, sql: "SELECT source FROM baseline WHERE session_id = ?", arguments: [session.id]))
    }
  }

  /// Ends a session that nobody went on with.
  /// - Returns: how many frames it knew of and never got.
  private static func abandon(session id: Int64, now: Date, in database: Database) throws -> Int {
    try database.execute(
      sql: "UPDATE session SET ended_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
    try database.execute(sql: "DELETE FROM owed_object WHERE session_id = ?", arguments: [id])
    return database.changesCount
  }
}

extension Date {
  /// Milliseconds since 1970, rounded.
  var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

  init(milliseconds: Int64) {
    self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}
