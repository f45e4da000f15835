public import Foundation
import GRDB
public import Model

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
  /// - Parameters:
  ///   - albums: where its frames go, as given; none goes on with a session for any.
  ///   - policy: whether they do.
  /// - Throws: `JournalError`.
  public func beginSession(
    albums: [String] = [], policy: SendingPolicy = SendingPolicy(), now: Date = Date()
  ) async throws(JournalError) -> Session {
    try await write("Beginning the session") { database in
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
        let others = try Self.albums(in: row)
        guard Self.feedsAny(of: albums, others) else { continue }
        // Its albums and its policy stay as they are until what the spool has of it is adopted (`feed`).
        try database.execute(
          sql: "UPDATE session SET seen_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
        try Self.takeOver(albums, session: id, now: now, in: database)
        return Session(
          id: id, startedAt: Date(milliseconds: row["started_at"]), isContinued: true, abandoned: abandoned)
      }
      try database.execute(
        sql: "INSERT INTO session (started_at, seen_at, albums, policy) VALUES (?, ?, ?, ?)",
        arguments: [now.milliseconds, now.milliseconds, try Self.text(of: albums), policy.description])
      let id = database.lastInsertedRowID
      try Self.takeOver(albums, session: id, now: now, in: database)
      return Session(id: id, startedAt: now, isContinued: false, abandoned: abandoned)
    }
  }

  private static func feedsAny(of albums: [String], _ others: [String]?) -> Bool {
    albums.isEmpty || others?.isEmpty ?? true || !Set(albums).isDisjoint(with: others ?? [])
  }

  /// Gives a session what others for its albums knew of and did not find before they ended, not long ago.
  private static func takeOver(
    _ albums: [String], session id: Int64, now: Date, in database: Database
  ) throws {
    let ended = try Row.fetchAll(
      database,
      sql: """
        SELECT id, albums FROM session WHERE ended_at IS NOT NULL AND coalesce(seen_at, started_at) >= ?
          AND id IN (SELECT session_id FROM owed_object)
        """, arguments: [(now - Session.longestPause).milliseconds])
    for row in ended where feedsAny(of: albums, try Self.albums(in: row)) {
      try database.execute(
        sql: "UPDATE owed_object SET session_id = ? WHERE session_id = ?",
        arguments: [id, row["id"] as Int64])
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

  /// Writes down which albums a session feeds from now on, and with what, for originals that it fetches and cannot write
  /// down any more.
  ///
  /// Call it after `reconcile`: what is found there belongs to the albums before.
  /// - Throws: `JournalError`.
  public func feed(
    _ albums: [String], policy: SendingPolicy = SendingPolicy(), from session: Session
  ) async throws(JournalError) {
    try await write("Writing down the session's albums") { database in
      try database.execute(
        sql: "UPDATE session SET albums = ?, policy = ? WHERE id = ?",
        arguments: [try Self.text(of: albums), policy.description, session.id])
    }
  }

  /// Albums as a session's row has them.
  private static func text(of albums: [String]) throws -> String {
    String(decoding: try JSONEncoder().encode(albums), as: UTF8.self)
  }

  /// The albums in a session's row; `nil` where an older version wrote none.
  static func albums(in row: Row) throws -> [String]? {
    try (row["albums"] as String?).map { try JSONDecoder().decode([String].self, from: Data($0.utf8)) }
  }

  /// The albums of the session that the next run would go on with, whatever its own were: not ended, and alive within
  /// `Session.longestPause`. None without such a session.
  /// - Throws: `JournalError`.
  public func albumsOfOpenSession(now: Date = Date()) async throws(JournalError) -> [String] {
    try await read("Looking for an open session") { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT albums FROM session
          WHERE ended_at IS NULL AND coalesce(seen_at, started_at) >= ? ORDER BY id DESC LIMIT 1
          """, arguments: [(now - Session.longestPause).milliseconds]
      ).flatMap(Self.albums) ?? []
    }
  }

  /// A session that fetched, and what was to become of its frames.
  struct Fetcher: Sendable {
    var session: Session
    /// `nil` where an older version wrote none.
    var albums: [String]?
    var policy: SendingPolicy?
    /// Of which source's object, where that is certain enough.
    var origin: (source: String, object: SourceObject)?

    init(_ row: Row) throws {
      session = Session(
        id: row["id"], startedAt: Date(milliseconds: row["started_at"]), isContinued: true)
      albums = try Journal.albums(in: row)
      policy = (row["policy"] as String?).flatMap(SendingPolicy.init)
    }
  }

  /// The session that nobody ended and that was alive last; `nil` if there is none.
  /// - Parameter current: the session of this run: one that began just now has fetched nothing yet.
  func interrupted(before current: Session?) async throws(JournalError) -> Fetcher? {
    let begun = current.flatMap { $0.isContinued ? nil : $0.id }
    return try await read("Looking for the last session") { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT * FROM session WHERE ended_at IS NULL AND id IS NOT ?
          ORDER BY coalesce(seen_at, started_at) DESC, id DESC LIMIT 1
          """, arguments: [begun]
      ).map(Fetcher.init)
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

  /// The session that was to fetch a file which now lies whole in the spool; `nil` if none that is known was. It may have
  /// been abandoned since.
  /// - Parameters:
  ///   - name: of the file in the spool.
  ///   - bytes: its length.
  func session(fetching name: String, bytes: Int64) async throws(JournalError) -> Fetcher? {
    try await read("Looking for the session of \(name)") { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT session.*, owed_object.source, owed_object.folder, owed_object.name, owed_object.bytes, owed_object.modified
          FROM owed_object JOIN session ON session.id = session_id
          WHERE bytes = ? ORDER BY owed_object.id DESC
          """, arguments: [bytes]
      ).filter { Spool.isName(name, of: $0["name"]) }
      guard let row = rows.first else { return nil }
      var fetcher = try Fetcher(row)
      if rows.count == 1 {
        fetcher.origin = (
          row["source"],
          SourceObject(
            folder: row["folder"], name: row["name"], bytes: row["bytes"], modified: row["modified"])
        )
      }
      return fetcher
    }
  }

  /// Ends a session that nobody went on with. What it knew of is forgotten when the spool was looked through
  /// (`forgetAbandoned`).
  /// - Returns: how many frames it knew of and never got.
  private static func abandon(session id: Int64, now: Date, in database: Database) throws -> Int {
    try database.execute(
      sql: "UPDATE session SET ended_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
    return try Int.fetchOne(
      database, sql: "SELECT count(*) FROM owed_object WHERE session_id = ?", arguments: [id]) ?? 0
  }

  /// Forgets what sessions wanted that are over, and that nobody takes over any more. It was meant for their albums: to every
  /// other session it is what was there before.
  func forgetAbandoned(now: Date = Date()) async throws(JournalError) {
    try await write("Forgetting what nobody fetches") { database in
      let over = """
        session_id IN (
          SELECT id FROM session WHERE max(ended_at, ?) - coalesce(seen_at, started_at) > ?)
        """
      let arguments: StatementArguments = [now.milliseconds, Int64(Session.longestPause * 1000)]
      try database.execute(
        sql: """
          INSERT INTO source_object (source, folder, name, bytes, modified, disposition)
          SELECT source, folder, name, bytes, modified, 'baseline' FROM owed_object WHERE \(over)
          ON CONFLICT (source, folder, name, bytes, modified) DO UPDATE
          SET session_id = NULL WHERE source_object.disposition = 'baseline'
          """, arguments: arguments)
      try database.execute(sql: "DELETE FROM owed_object WHERE \(over)", arguments: arguments)
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
