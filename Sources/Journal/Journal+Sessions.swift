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
