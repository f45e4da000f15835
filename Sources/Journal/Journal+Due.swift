public import Foundation
import GRDB
public import Model
import SystemPackage

/// What goes when. Each question here is answered by an index alone, for the first rows of each source: thousands that
/// wait behind them cost nothing.
extension Journal {
  /// Deliveries to one album that can go now, in the order in which they should: renditions before originals, and each
  /// source in turn (`Turns`), so that one camera's burst holds up no other. Of one source thumbnails come before
  /// previews, the newest rendition first and the oldest original first (architecture.md, "Scheduling deliveries").
  /// Before all others come the frames that a person has pushed to the front, the last one pushed first.
  ///
  /// An original waits until its frame's renditions are made (or cannot be), unless the album takes originals only,
  /// and until it is prepared, if that is asked for (`beginPublishing`).
  /// - Parameters:
  ///   - kinds: only these.
  ///   - limit: how many at most of each kind, for each source.
  ///   - started: those that are left out, since they are under way.
  ///   - isPushedOnly: only those of frames that a person has pushed.
  /// - Throws: `JournalError`.
  public func dueDeliveries(
    to album: String, kinds: [AssetKind] = AssetKind.allCases, limit: Int, besides started: Set<Int64> = [],
    isPushedOnly: Bool = false, now: Date = Date()
  ) async throws(JournalError) -> [Delivery] {
    let spool = self.spool
    return try await read("Looking for due deliveries") { database in
      guard
        let destination = try Int64.fetchOne(
          database.cachedStatement(sql: "SELECT id FROM destination WHERE album = ?"), arguments: [album])
      else { return [] }
      let due = Due(database: database, destination: destination, started: started, limit: limit, now: now)
      let statement = try database.cachedStatement(sql: Self.selectDelivery + " WHERE delivery.id = ?")
      return try [kinds.filter { $0 != .original }.sorted(), kinds.filter { $0 == .original }]
        .flatMap { kinds in
          let pushed = try due.pushed(kinds)
          return pushed + (isPushedOnly ? [] : try due.inTurn(kinds, limit: limit - pushed.count))
        }
        .compactMap { try Row.fetchOne(statement, arguments: [$0]).map { Self.delivery($0, spool: spool) } }
    }
  }

  /// No try is put off for longer, in seconds: one that seems to be was put off by a clock that has been set back since.
  fileprivate static let longestWait: TimeInterval = 7200

  /// When the next delivery to an album that waits for a time is due; `nil` if none does.
  /// - Parameter now: what was due by then waits for something else than a time: a place, or a network without a meter.
  /// - Throws: `JournalError`.
  public func nextTry(to album: String, after now: Date) async throws(JournalError) -> Date? {
    try await read("Looking for the next try") { database in
      try Int64.fetchOne(
        database.cachedStatement(
          sql: """
            SELECT MIN(next_try_at) FROM delivery INDEXED BY delivery_put_off
            WHERE destination_id = (SELECT id FROM destination WHERE album = ?)
              AND state IN ('waiting', 'sending') AND next_try_at > ?
            """), arguments: [album, now.milliseconds]
      ).map(Date.init(milliseconds:))
    }
  }

  /// Lets a frame's originals go, or not yet, as its rendering says: to albums that take renditions they go after them.
  static func settleReadiness(of frame: Int64, in database: Database) throws {
    let takers = try takersOfRenditions(in: database).map(String.init).joined(separator: ", ")
    try database.run(
      """
      UPDATE delivery SET is_ready = (SELECT rendering != 'waiting' FROM frame WHERE frame.id = frame_id)
      WHERE frame_id = ? AND kind = 'original' AND destination_id IN (\(takers))
      """, [frame])
  }

  /// The sources of rows of one index, each found by one step through it.
  /// - Parameter next: a query that selects the least source that is at least `?`, or beyond it.
  static func sources(
    in database: Database, _ arguments: StatementArguments = [], next: (_ comparison: String) -> String
  ) throws -> [String] {
    var sources: [String] = []
    while let source = try String.fetchOne(
      database.cachedStatement(sql: next(sources.isEmpty ? ">=" : ">")),
      arguments: arguments + [sources.last ?? ""])
    {
      sources.append(source)
    }
    return sources
  }
}

/// The rows of one album's due deliveries, in order.
private struct Due {
  let database: Database
  let destination: Int64
  let started: Set<Int64>
  let limit: Int
  let now: Date

  private static let condition = """
    delivery.destination_id = :destination AND delivery.kind = :kind
    AND delivery.state IN ('waiting', 'sending') AND delivery.stored_at IS NULL AND delivery.is_ready = 1
    AND (delivery.next_try_at IS NULL OR delivery.next_try_at NOT BETWEEN :now + 1 AND :latest)
    AND delivery.id NOT IN (SELECT value FROM json_each(:started))
    AND NOT EXISTS (SELECT 1 FROM published WHERE published.original_id = delivery.original_id
      AND published.state NOT IN ('copy', 'as_is'))
    """

  private func arguments(_ kind: AssetKind, limit: Int) -> StatementArguments {
    [
      "destination": destination, "kind": kind.rawValue, "now": now.milliseconds,
      "latest": (now + Journal.longestWait).milliseconds, "limit": limit,
      "started": "[\(started.map(String.init).joined(separator: ","))]",
    ]
  }

  /// Those of pushed frames, which are few: they are looked for from the frames' side.
  func pushed(_ kinds: [AssetKind]) throws -> [Int64] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT delivery.id, frame.priority FROM frame INDEXED BY frame_first
          CROSS JOIN delivery INDEXED BY delivery_of_frame ON delivery.frame_id = frame.id
        WHERE frame.priority > 0 AND \(Self.condition)
        ORDER BY frame.priority DESC, delivery.id LIMIT :limit
        """)
    let rows = try kinds.flatMap { try Row.fetchAll(statement, arguments: arguments($0, limit: limit)) }
      .enumerated()
    return rows.sorted {
      let (first, second): (Int64, Int64) = ($0.element["priority"], $1.element["priority"])
      return (second, $0.offset) < (first, $1.offset)
    }.map { $0.element["id"] }
  }

  /// Those of all other frames, each source in turn.
  func inTurn(_ kinds: [AssetKind], limit: Int) throws -> [Int64] {
    guard limit > 0 else { return [] }
    var waiting: [(id: Int64, frame: Int64, source: String)] = []
    for kind in kinds {
      let sources = try Journal.sources(in: database, [destination, kind.rawValue]) { comparison in
        """
        SELECT source FROM delivery INDEXED BY delivery_turn
        WHERE state IN ('waiting', 'sending') AND stored_at IS NULL AND is_ready = 1
          AND destination_id = ? AND kind = ? AND source \(comparison) ? ORDER BY source LIMIT 1
        """
      }
      let direction = kind == .original ? "ASC" : "DESC"
      let statement = try database.cachedStatement(
        sql: """
          SELECT delivery.id, delivery.frame_id FROM delivery INDEXED BY delivery_turn
          WHERE \(Self.condition) AND delivery.source = :source
            AND (SELECT priority FROM frame WHERE frame.id = delivery.frame_id) = 0
          ORDER BY delivery.frame_id \(direction), delivery.id \(direction) LIMIT :limit
          """)
      for source in sources {
        waiting += try Row.fetchAll(statement, arguments: arguments(kind, limit: limit) + ["source": source])
          .map { ($0["id"], $0["frame_id"], source) }
      }
    }
    // Of the sources whose turn it could be, the one with the newest rendition, or the oldest original.
    let isOldestFirst = kinds == [.original]
    var heads: [String: Int64] = [:]
    for row in waiting { heads[row.source] = heads[row.source] ?? row.frame }
    let named = heads.sorted { isOldestFirst ? $0.value < $1.value : $0.value > $1.value }.map(\.key)
    let queues = Dictionary(grouping: waiting, by: \.source)
    return Turns().order(named.flatMap { queues[$0] ?? [] }) { $0.source }.map(\.id)
  }
}

extension Database {
  /// Does one statement, compiled once for each connection: most of the time of a short one is its compiling.
  func run(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}
