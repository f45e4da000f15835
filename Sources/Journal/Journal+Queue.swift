public import Foundation
import GRDB
public import Model

/// Which deliveries a person means.
public struct QueueSelection: Hashable, Sendable {
  /// Rows of frames; `nil` is all of them.
  public var frames: [Int64]?
  /// The album as given; `nil` is all of them.
  public var album: String?
  /// Only deliveries that wait for a person.
  public var isParkedOnly: Bool

  public init(frames: [Int64]? = nil, album: String? = nil, isParkedOnly: Bool = false) {
    self.frames = frames
    self.album = album
    self.isParkedOnly = isParkedOnly
  }

  /// A condition on `delivery`, and its arguments.
  fileprivate var sql: (condition: String, arguments: StatementArguments) {
    var conditions = ["delivery.state IN (\(isParkedOnly ? "'parked'" : "'waiting', 'sending', 'parked'"))"]
    var arguments = StatementArguments()
    if let frames {
      conditions.append("delivery.frame_id IN (SELECT value FROM json_each(?))")
      arguments += [Journal.json(frames)]
    }
    if let album {
      conditions.append("delivery.destination_id = (SELECT id FROM destination WHERE album = ?)")
      arguments += [album]
    }
    return (conditions.joined(separator: " AND "), arguments)
  }
}

/// Which of the frames that are kept back a person wants to be sent after all.
public enum HeldFrames: Hashable, Sendable {
  /// These, also to an album that they were never meant for.
  case frames([Int64])
  case marked
  /// With so many stars or more.
  case rated(Int)
  case all
}

/// What came of a change by hand.
public struct QueueChange: Hashable, Sendable {
  /// Frames that it changed something for.
  public var frames = 0
  public var deliveries = 0

  public init(frames: Int = 0, deliveries: Int = 0) {
    self.frames = frames
    self.deliveries = deliveries
  }
}

/// The deliveries, by hand.
extension Journal {
  /// Deliveries that are not done, in the order of their frames, for a person to read.
  /// - Parameter held: those that are kept back instead of those that wait.
  /// - Throws: `JournalError`.
  public func openDeliveries(limit: Int, held: Bool = false) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Reading the queue") { database in
      try Row.fetchAll(
        database,
        sql: Self.selectDelivery + """
           WHERE delivery.state IN (\(held ? "'held'" : "'waiting', 'sending', 'parked'"))
           ORDER BY delivery.frame_id, delivery.id LIMIT ?
          """, arguments: [limit]
      ).map { Self.delivery($0, spool: spool) }
    }
  }

  /// Deliveries that an album has had, in the order in which they were made.
  /// - Parameter id: only those after this one; 0 is from the beginning.
  /// - Throws: `JournalError`.
  public func sentDeliveries(
    to album: String, after id: Int64, limit: Int
  ) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Reading what was delivered") { database in
      try Row.fetchAll(
        database,
        sql: Self.selectDelivery + """
           WHERE delivery.id > ? AND delivery.state = 'sent' AND destination.album = ? ORDER BY delivery.id LIMIT ?
          """, arguments: [id, album, limit]
      ).map { Self.delivery($0, spool: spool) }
    }
  }

  /// The frames that a person means by a text: the first digits of the SHA-256 of one of its originals, at least four,
  /// or an original's file name.
  /// - Returns: the newest first, at most ten: more are as good as none.
  /// - Throws: `JournalError`.
  public func frames(named text: String) async throws(JournalError) -> [Frame] {
    let spool = self.spool
    return try await read("Looking for \(text)") { database in
      var ids: [Int64] = []
      let digits = text.lowercased()
      if (4...64).contains(digits.count),
        let low = ContentHash(hex: digits + String(repeating: "0", count: 64 - digits.count)),
        let high = ContentHash(hex: digits + String(repeating: "f", count: 64 - digits.count))
      {
        ids = try Int64.fetchAll(
          database,
          sql: "SELECT DISTINCT frame_id FROM original WHERE hash BETWEEN ? AND ? ORDER BY 1 DESC LIMIT 10",
          arguments: [low.blob, high.blob])
      }
      if ids.isEmpty {
        ids = try Int64.fetchAll(
          database,
          sql: """
            SELECT DISTINCT frame_id FROM original WHERE name = ? COLLATE NOCASE ORDER BY 1 DESC LIMIT 10
            """, arguments: [text])
      }
      return try ids.compactMap { try Self.frame($0, in: database, spool: spool) }
    }
  }

  /// Makes parked and put-off deliveries due at once.
  /// - Returns: how many.
  /// - Throws: `JournalError`.
  @discardableResult
  public func retry(_ selection: QueueSelection = QueueSelection()) async throws(JournalError) -> Int {
    let (condition, arguments) = selection.sql
    return try await write("Retrying deliveries") { database in
      try database.execute(
        sql: """
          UPDATE delivery SET \(Self.due)
          WHERE (state = 'parked' OR next_try_at IS NOT NULL) AND \(condition)
          """, arguments: arguments)
      return database.changesCount
    }
  }

  /// Takes deliveries out. The originals stay, kept back: `send` lets them go after all. A frame of which its album
  /// has nothing yet is no longer meant for that album.
  /// - Throws: `JournalError`.
  public func drop(_ selection: QueueSelection) async throws(JournalError) -> QueueChange {
    let (condition, arguments) = selection.sql
    return try await write("Taking deliveries out") { database in
      let pairs = try Row.fetchAll(
        database,
        sql:
          "SELECT frame_id, destination_id, COUNT(*) AS count FROM delivery WHERE \(condition) GROUP BY 1, 2",
        arguments: arguments)
      // The store is told to throw away what it has of one; what is stored whole is not shown either.
      try database.execute(
        sql: """
          UPDATE parted_upload SET delivery_id = NULL
          WHERE delivery_id IN (SELECT id FROM delivery WHERE kind = 'original' AND \(condition))
          """, arguments: arguments)
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'held', offset = 0, upload_url = NULL, attempts = 0, next_try_at = NULL,
            reason = NULL, reason_code = NULL, stored_at = NULL
          WHERE kind = 'original' AND \(condition)
          """, arguments: arguments)
      try database.execute(
        sql: "DELETE FROM delivery WHERE kind != 'original' AND \(condition)", arguments: arguments)
      for row in pairs {
        let (frame, destination): (Int64, Int64) = (row["frame_id"], row["destination_id"])
        try database.execute(
          sql: """
            UPDATE choice SET is_chosen = 0 WHERE frame_id = ?1 AND destination_id = ?2 AND NOT EXISTS (
              SELECT 1 FROM delivery WHERE frame_id = ?1 AND destination_id = ?2 AND state != 'held')
            """, arguments: [frame, destination])
      }
      return QueueChange(
        frames: Set(pairs.map { $0["frame_id"] as Int64 }).count,
        deliveries: pairs.reduce(0) { $0 + ($1["count"] as Int) })
    }
  }

  /// Puts frames before all others, the last one that was pushed first, and makes what they wait for due at once.
  /// - Throws: `JournalError`.
  public func pushToFront(_ frames: [Int64]) async throws(JournalError) -> QueueChange {
    let list = Self.json(frames)
    return try await write("Pushing frames to the front") { database in
      try database.execute(
        sql: """
          UPDATE frame SET priority = 1 + COALESCE((SELECT MAX(priority) FROM frame WHERE priority > 0), 0)
          WHERE id IN (SELECT value FROM json_each(?))
          """, arguments: [list])
      let count = database.changesCount
      let (condition, arguments) = QueueSelection(frames: frames).sql
      try database.execute(sql: "UPDATE delivery SET \(Self.due) WHERE \(condition)", arguments: arguments)
      return QueueChange(frames: count, deliveries: database.changesCount)
    }
  }

  /// Sends frames that are kept back.
  /// - Parameters:
  ///   - albums: where to; empty is wherever each one was meant for.
  ///   - originals: which originals go.
  /// - Returns: the frames, and the originals, that go now and did not before.
  /// - Throws: `JournalError`.
  public func send(
    _ held: HeldFrames, to albums: [String], originals: OriginalsPolicy, now: Date = Date()
  ) async throws(JournalError) -> QueueChange {
    try await write("Sending what was kept back") { database in
      let before = try Self.kept(in: database)
      for (frame, album) in try Self.held(held, albums: albums, in: database) {
        try Self.assign(
          frame, to: album, policy: SendingPolicy(frames: .all, originals: originals), now: now, in: database)
        try Self.free(frame, for: album, in: database)
      }
      let after = try Self.kept(in: database)
      let gone = before.map { $0.value - (after[$0.key] ?? 0) }
      return QueueChange(frames: gone.count { $0 > 0 }, deliveries: gone.reduce(0, +))
    }
  }

  /// Makes deliveries anew that were made, since their album has not got them.
  /// - Returns: how many.
  /// - Throws: `JournalError`.
  @discardableResult
  public func requeue(_ deliveries: [Delivery]) async throws(JournalError) -> Int {
    let list = Self.json(deliveries.map(\.id))
    return try await write("Queueing again") { database in
      // What it has confirmed it has no longer: nothing goes from a card for that.
      try database.execute(
        sql: """
          DELETE FROM confirmation WHERE (destination_id, hash) IN (
            SELECT delivery.destination_id, original.hash FROM delivery JOIN original ON original.id = delivery.original_id
            WHERE delivery.state = 'sent' AND delivery.id IN (SELECT value FROM json_each(?)))
          """, arguments: [list])
      try database.execute(
        sql: """
          UPDATE delivery SET state = 'waiting', offset = 0, upload_url = NULL, attempts = 0, sent_at = NULL,
            stored_at = NULL
          WHERE state = 'sent' AND id IN (SELECT value FROM json_each(?))
          """, arguments: [list])
      return database.changesCount
    }
  }

  /// How many originals of which frames are kept back.
  private static func kept(in database: Database) throws -> [Int64: Int] {
    try Row.fetchAll(
      database, sql: "SELECT frame_id, COUNT(*) AS count FROM delivery WHERE state = 'held' GROUP BY frame_id"
    ).reduce(into: [:]) { $0[$1["frame_id"]] = $1["count"] }
  }

  private static func held(
    _ held: HeldFrames, albums: [String], in database: Database
  ) throws -> [(frame: Int64, album: String)] {
    var condition = "TRUE"
    var arguments = StatementArguments()
    switch held {
    case .frames(let frames):
      if !albums.isEmpty { return frames.flatMap { frame in albums.map { (frame, $0) } } }
      condition = "frame.id IN (SELECT value FROM json_each(?))"
      arguments = [json(frames)]
    case .marked: condition = "(frame.rating >= 1 OR frame.is_protected)"
    case .rated(let stars):
      condition = "frame.rating >= ?"
      arguments = [stars]
    case .all: break
    }
    return try Row.fetchAll(
      database,
      sql: """
        SELECT DISTINCT frame.id, album FROM delivery JOIN frame ON frame.id = delivery.frame_id
          JOIN destination ON destination.id = destination_id
        WHERE delivery.state = 'held' AND \(condition) ORDER BY frame.id
        """, arguments: arguments
    ).map { ($0["id"], $0["album"]) }.filter { albums.isEmpty || albums.contains($0.album) }
  }

  /// Numbers as SQLite's `json_each` takes them: one argument for any number of them.
  fileprivate static func json(_ numbers: [Int64]) -> String {
    "[\(numbers.map(String.init).joined(separator: ","))]"
  }
}
