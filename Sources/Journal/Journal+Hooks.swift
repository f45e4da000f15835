import GRDB
public import Model

/// A program that is to be run for a frame.
public struct HookCall: Hashable, Sendable, Identifiable {
  public var id: Int64
  public var point: HookPoint
  /// The album that it is about; `nil` where it is about none.
  public var album: String?
  /// How often it was begun before and never ended, since the process was killed.
  public var attempts: Int
  public var frame: Frame
}

extension Journal {
  /// From now on writes down, in the same transaction as the thing itself, that a hook is to be run.
  ///
  /// Triggers do it, which live as long as this connection: without hooks nothing is written down, and nobody who
  /// writes a frame or a delivery needs to think of them. What waits for other points is dropped.
  /// - Parameter points: those that there is a program for. `captured` is before anything is written down, and is
  ///   not the journal's.
  /// - Throws: `JournalError`.
  public func watchHooks(_ points: Set<HookPoint>) async throws(JournalError) {
    try await write("Preparing the hooks") { database in
      for point in HookPoint.allCases where !points.contains(point) {
        try database.execute(sql: "DELETE FROM hook_call WHERE point = ?", arguments: [point.rawValue])
      }
      if points.contains(.safe) {
        try database.execute(
          sql: """
            CREATE TEMP TRIGGER IF NOT EXISTS hook_safe AFTER INSERT ON main.frame BEGIN
              INSERT INTO hook_call (frame_id, point) VALUES (new.id, 'safe');
            END
            """)
      }
      for (point, kind) in [(HookPoint.viewable, AssetKind.preview), (.delivered, .original)]
      where points.contains(point) {
        try database.execute(
          sql: """
            CREATE TEMP TRIGGER IF NOT EXISTS hook_\(point.rawValue) AFTER UPDATE OF state ON main.delivery
            WHEN new.state = 'sent' AND old.state != 'sent' AND new.kind = '\(kind.rawValue)'
              AND NOT EXISTS (SELECT 1 FROM delivery WHERE frame_id = new.frame_id
                AND destination_id = new.destination_id AND kind = new.kind AND state NOT IN ('sent', 'held'))
            BEGIN
              INSERT INTO hook_call (frame_id, point, album)
              SELECT new.frame_id, '\(point.rawValue)', album FROM destination WHERE id = new.destination_id;
            END
            """)
      }
    }
  }

  /// Hooks that are still to be run, in the order in which they came to be.
  /// - Throws: `JournalError`.
  public func hookCalls(limit: Int) async throws(JournalError) -> [HookCall] {
    let spool = self.spool
    return try await read("Looking for hooks to run") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT hook_call.id AS call, point, hook_call.album, attempts, known.* FROM hook_call
            JOIN (\(Self.selectFrame)) AS known ON known.id = hook_call.frame_id
          ORDER BY hook_call.id LIMIT ?
          """, arguments: [limit]
      ).compactMap { row in
        guard let point = HookPoint(rawValue: row["point"]) else { return nil }
        return HookCall(
          id: row["call"], point: point, album: row["album"], attempts: row["attempts"],
          frame: Self.frame(row, spool: spool))
      }
    }
  }

  /// Writes down that a hook is about to be run.
  /// - Throws: `JournalError`.
  public func begin(_ call: HookCall) async throws(JournalError) {
    try await write("Beginning a hook") { database in
      try database.execute(
        sql: "UPDATE hook_call SET attempts = attempts + 1 WHERE id = ?", arguments: [call.id])
    }
  }

  /// Writes down that a hook has been run, whatever came of it.
  /// - Throws: `JournalError`.
  public func end(_ call: HookCall) async throws(JournalError) {
    try await write("Ending a hook") { database in
      try database.execute(sql: "DELETE FROM hook_call WHERE id = ?", arguments: [call.id])
    }
  }
}
