import GRDB
import Model

extension Journal {
  /// The frames that are not in all of some albums yet, by their rows' numbers.
  ///
  /// One look at what is open, however many frames there are: what is delivered, or kept back, costs nothing.
  /// - Parameter albums: as given; what waits for other albums does not count.
  /// - Returns: for each such frame whether it goes on by itself; `false` is one that waits for a person.
  /// - Throws: `JournalError`.
  public func undelivered(to albums: [String]) async throws(JournalError) -> [Int64: Bool] {
    let takers = albums.filter { (try? Destination(parsing: $0))?.takes.contains(.preview) ?? false }
    return try await read("Looking for what is not delivered") { database in
      let all = try Self.rows(of: albums, in: database)
      let takers = try Self.rows(of: takers, in: database)
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT frame_id, MAX(moves) AS moves FROM (
            SELECT frame_id, 1 AS moves FROM delivery
              WHERE state IN ('waiting', 'sending') AND destination_id IN (\(all))
            UNION ALL SELECT frame_id, 0 FROM delivery WHERE state = 'parked' AND destination_id IN (\(all))
            UNION ALL SELECT id, 1 FROM frame WHERE rendering = 'waiting' AND EXISTS (
              SELECT 1 FROM choice WHERE choice.frame_id = frame.id AND is_chosen AND destination_id IN (\(takers))))
          GROUP BY frame_id
          """)
      var frames: [Int64: Bool] = [:]
      while let row = try rows.next() { frames[row[0]] = row[1] }
      return frames
    }
  }

  /// The numbers of some albums' rows, as SQL lists them.
  private static func rows(of albums: [String], in database: Database) throws -> String {
    let places = Array(repeating: "?", count: albums.count).joined(separator: ", ")
    return try Int64.fetchAll(
      database, sql: "SELECT id FROM destination WHERE album IN (\(places))",
      arguments: StatementArguments(albums)
    ).map(String.init).joined(separator: ", ")
  }
}
