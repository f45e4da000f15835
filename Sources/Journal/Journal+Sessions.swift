public import Foundation
import GRDB

/// One run of `tether`, `upload` or the like, from its start to its clean end.
public struct Session: Hashable, Sendable, Identifiable {
  public var id: Int64
  public var startedAt: Date
  /// Whether it was begun by a process that never ended it: killed, or the power went.
  public var isContinued: Bool
}

extension Journal {
  /// Begins a session, or goes on with the last one if nobody ended it: then what was shot meanwhile is still its own.
  /// - Throws: `JournalError`.
  public func beginSession(now: Date = Date()) async throws(JournalError) -> Session {
    try await write("Beginning the session") { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT id, started_at FROM session WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1")
      if let row {
        return Session(id: row["id"], startedAt: Date(milliseconds: row["started_at"]), isContinued: true)
      }
      try database.execute(sql: "INSERT INTO session (started_at) VALUES (?)", arguments: [now.milliseconds])
      return Session(id: database.lastInsertedRowID, startedAt: now, isContinued: false)
    }
  }

  /// Writes down which albums a session feeds from now on, for originals that it fetches and cannot write down any more.
  ///
  /// Call it after `reconcile`: what is found there belongs to the albums before.
  /// - Throws: `JournalError`.
  public func feed(_ albums: [String], from session: Session) async throws(JournalError) {
    let list = albums
    try await write("Writing down the session's albums") { database in
      let json = String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
      try database.execute(
        sql: "UPDATE session SET albums = ? WHERE id = ?", arguments: [json, session.id])
    }
  }

  /// The session that nobody ended, and the albums that it fed; `nil` if there is none.
  func interrupted() async throws(JournalError) -> (session: Session, albums: [String]?)? {
    try await read("Looking for the last session") { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM session WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"
      ).map { row in
        let json: String? = row["albums"]
        let session = Session(
          id: row["id"], startedAt: Date(milliseconds: row["started_at"]), isContinued: true)
        return (session, try json.map { try JSONDecoder().decode([String].self, from: Data($0.utf8)) })
      }
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
}

extension Date {
  /// Milliseconds since 1970, rounded.
  var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

  init(milliseconds: Int64) {
    self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
  }
}
