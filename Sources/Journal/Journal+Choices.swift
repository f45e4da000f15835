public import Foundation
import GRDB
public import Model

/// Which frames go to which albums.
///
/// A frame that a run takes has a choice for each of the run's albums: whether it goes there. Its originals have a
/// delivery in any case, `held` where they do not go, so that a frame that was never sent is never taken for
/// delivered. Renditions have one only where the frame goes.
extension Journal {
  /// Takes what a source tells of its objects' marks, and sends the frames that are chosen by that.
  ///
  /// A mark that was seen counts, also when it is taken back: what it sent cannot be called back either.
  /// - Parameter marks: objects of this source, also such as are not taken.
  /// - Returns: the frames that go now and did not before.
  /// - Throws: `JournalError`.
  public func note(
    _ marks: [SourceObject: FrameMark], source: String, albums: [String], policy: SendingPolicy,
    now: Date = Date()
  ) async throws(JournalError) -> [Frame] {
    let news = try await read("Looking at marks") { database in
      let statement = try database.makeStatement(
        sql: """
          SELECT frame.id, rating, is_protected FROM frame JOIN source_object ON source_object.frame_id = frame.id
          WHERE source_object.source = ? AND folder = ? AND name = ? AND bytes = ? AND modified = ?
          """)
      return try marks.filter { $0.value.isSet }.compactMap {
        object, mark -> (frame: Int64, mark: FrameMark)? in
        guard
          let row = try Row.fetchOne(
            statement, arguments: [source, object.folder, object.name, object.bytes, object.modified])
        else { return nil }
        let known = FrameMark(rating: row["rating"], isProtected: row["is_protected"])
        return mark.filled(from: known) == known ? nil : (row["id"], mark)
      }
    }
    guard !news.isEmpty else { return [] }
    let spool = self.spool
    return try await write("Writing down marks") { database in
      var frames: [Frame] = []
      for (id, mark) in news {
        let before = try Self.chosenAlbums(of: id, in: database)
        try Self.note(mark, of: id, in: database)
        for album in albums { try Self.assign(id, to: album, policy: policy, now: now, in: database) }
        guard try Self.chosenAlbums(of: id, in: database) != before,
          let frame = try Self.frame(id, in: database, spool: spool)
        else { continue }
        frames.append(frame)
      }
      return frames
    }
  }

  /// The frames that go to none of some albums although they were meant for one.
  /// - Throws: `JournalError`.
  public func keptBack(from albums: [String]) async throws(JournalError) -> Set<ContentHash> {
    try await read("Looking for what is kept back") { database in
      let places = Array(repeating: "?", count: albums.count).joined(separator: ", ")
      return try Set(
        Data.fetchAll(
          database,
          sql: """
            SELECT hash FROM choice JOIN destination ON destination.id = destination_id
              JOIN frame ON frame.id = frame_id
            WHERE album IN (\(places)) GROUP BY frame.id HAVING NOT MAX(is_chosen)
            """, arguments: StatementArguments(albums)
        ).map(ContentHash.init(blob:)))
    }
  }

  /// The albums that a frame goes to, or went.
  private static func chosenAlbums(of frame: Int64, in database: Database) throws -> Set<Int64> {
    try Set(
      Int64.fetchAll(
        database, sql: "SELECT destination_id FROM choice WHERE frame_id = ? AND is_chosen",
        arguments: [frame]))
  }

  /// Adds a mark to what is known of a frame's.
  static func note(_ mark: FrameMark, of frame: Int64, in database: Database) throws {
    guard mark != FrameMark() else { return }
    try database.run(
      """
      UPDATE frame SET rating = COALESCE(?, rating), is_protected = MAX(is_protected, ?) WHERE id = ?
      """, [mark.rating, mark.isProtected, frame])
  }

  /// Gives a frame to an album as a policy says: it goes, or is kept back. What went before goes on.
  static func assign(
    _ frame: Int64, to album: String, policy: SendingPolicy, now: Date, in database: Database
  ) throws {
    guard (try? Destination(parsing: album)) != nil else {
      throw JournalError(.io, "\(album) names no album.")
    }
    let row = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT rating, is_protected FROM frame WHERE id = ?"),
      arguments: [frame])
    let mark = FrameMark(rating: row?["rating"], isProtected: row?["is_protected"] ?? false)
    try database.run("INSERT OR IGNORE INTO destination (album) VALUES (?)", [album])
    try database.run(
      """
      INSERT INTO choice (frame_id, destination_id, is_chosen)
      SELECT ?, id, ? FROM destination WHERE album = ?
      ON CONFLICT DO UPDATE SET is_chosen = MAX(is_chosen, excluded.is_chosen)
      """, [frame, policy.frames.takes(mark), album])
    try addOriginals(of: frame, to: album, policy: policy.originals, now: now, in: database)
    try addRenditions(of: frame, now: now, in: database)
  }

  /// Adds the deliveries of originals that a frame lacks for an album, and lets those go that are kept back and are
  /// sent by this policy.
  static func addOriginals(
    of frame: Int64, to album: String, policy: OriginalsPolicy, now: Date, in database: Database
  ) throws {
    let rows = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT original.id, original.media_type, destination_id, is_chosen, frame.source,
            frame.rendering = 'waiting' AS is_waiting
          FROM choice JOIN destination ON destination.id = destination_id
            JOIN frame ON frame.id = choice.frame_id JOIN original ON original.frame_id = frame.id
          WHERE choice.frame_id = ? AND album = ?
          """), arguments: [frame, album])
    let takesRenditions = (try? Destination(parsing: album))?.takes.contains(.preview) ?? false
    for row in rows {
      // What goes later goes when a person sends it, as what does not go at all.
      let goes = row["is_chosen"] && policy.when != .later && policy.takes(row["media_type"])
      try database.run(
        """
        INSERT INTO delivery (frame_id, destination_id, kind, original_id, state, added_at, source, is_ready)
        VALUES (?, ?, 'original', ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET state = excluded.state, added_at = excluded.added_at
        WHERE state = 'held' AND excluded.state = 'waiting'
        """,
        [
          frame, row["destination_id"] as Int64, row["id"] as Int64, goes ? "waiting" : "held",
          now.milliseconds, row["source"] as String, !(takesRenditions && row["is_waiting"]),
        ])
    }
  }

  /// Adds the deliveries that a frame's renditions lack, to all the albums that it goes to and that take them.
  static func addRenditions(of frame: Int64, now: Date, in database: Database) throws {
    let choices = try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT destination_id, album FROM choice JOIN destination ON destination.id = destination_id
          WHERE frame_id = ? AND is_chosen
          """), arguments: [frame])
    for row in choices {
      guard let destination = try? Destination(parsing: row["album"]), destination.takes.contains(.preview)
      else { continue }
      try database.run(
        """
        INSERT OR IGNORE INTO delivery (frame_id, destination_id, kind, state, added_at, source)
        SELECT frame_id, ?, kind, 'waiting', ?, source FROM rendition JOIN frame ON frame.id = frame_id
        WHERE frame_id = ?
        """, [row["destination_id"] as Int64, now.milliseconds, frame])
    }
  }
}
