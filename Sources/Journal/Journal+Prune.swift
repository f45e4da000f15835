import Blocking
public import Foundation
import GRDB
import Glibc
public import Model
public import SystemPackage

/// An original that left the spool, or could.
public struct PrunedOriginal: Hashable, Sendable {
  /// SHA-256 of the frame's first original.
  public var frame: ContentHash
  /// Its file name at the source.
  public var name: String
  /// Its length in bytes.
  public var bytes: Int64
  /// Where it lies, or lay.
  public var path: FilePath
  /// When the last of its deliveries, and of its frame's renditions, was done.
  public var deliveredAt: Date
}

extension Journal {
  /// Lets originals leave the spool that are delivered everywhere, the oldest first, and as many as a policy wants.
  ///
  /// An original may leave when every delivery of it is done, and there is one; when those of its frame's renditions are
  /// done, and nothing is still to be made for them. What is kept back from an album (`held`) is not delivered, and stays;
  /// the two originals of a pair leave each by itself. Renditions stay. That it left is written down before its file is removed: after a crash in
  /// between, `reconcile` removes it.
  /// - Parameters:
  ///   - isRehearsal: only says what would leave.
  ///   - limit: how many at most.
  /// - Returns: those that left. A file that could not be removed now is removed by `reconcile`.
  /// - Throws: `JournalError`.
  public func prune(
    _ keep: SpoolKeep, isRehearsal: Bool = false, limit: Int = .max, now: Date = Date()
  ) async throws(JournalError) -> [PrunedOriginal] {
    let spool = self.spool
    var deliveredBefore = now
    var wanted = Int64.max
    switch keep {
    case .forever: return []
    case .delivered: break
    case .days(let days): deliveredBefore = now - TimeInterval(days) * 86_400
    case .room(let bytes):
      let room = try await offload { () throws(JournalError) in try spool.room() }
      wanted = bytes - room.free
    }
    guard wanted > 0 else { return [] }
    let (before, most) = (deliveredBefore.milliseconds, wanted)
    @Sendable func leaving(_ database: Database) throws -> [(id: Int64, original: PrunedOriginal)] {
      var leaving: [(id: Int64, original: PrunedOriginal)] = []
      var bytes: Int64 = 0
      let rows = try Row.fetchCursor(
        database, sql: try Self.selectPrunable(in: database), arguments: [before])
      while bytes < most, leaving.count < limit, let row = try rows.next() {
        let original = PrunedOriginal(
          frame: ContentHash(blob: row["frame"]), name: row["name"], bytes: row["bytes"],
          path: spool.absolute(row["path"]), deliveredAt: Date(milliseconds: row["delivered_at"]))
        leaving.append((row["id"], original))
        bytes += original.bytes
      }
      return leaving
    }
    if isRehearsal {
      return try await read("Looking for originals that may leave the spool") {
        try leaving($0).map(\.original)
      }
    }
    // Nothing is written, and nobody woken, where nothing leaves.
    let isAny = try await read("Looking for originals that may leave the spool") { try !leaving($0).isEmpty }
    guard isAny else { return [] }
    let left = try await write("Writing down which originals leave the spool") { database in
      // Looked for again in the transaction that decides: a delivery may have been added since.
      let leaving = try leaving(database)
      for (id, _) in leaving {
        try database.execute(
          sql: "UPDATE original SET left_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
      }
      return leaving.map(\.original)
    }
    try await offload { () throws(JournalError) in
      for original in left { unlink(original.path.string) }
    }
    return left
  }

  /// Originals whose bytes lie in the spool, and that are delivered everywhere with their frames' renditions, the
  /// oldest first. One in whose place a copy was published stays: nobody else has its bytes.
  private static func selectPrunable(in database: Database) throws -> String {
    """
    SELECT original.id, frame.hash AS frame, original.name, original.bytes, original.path,
      (SELECT MAX(sent_at) FROM delivery WHERE delivery.frame_id = frame.id
        AND (original_id = original.id OR original_id IS NULL)) AS delivered_at
    FROM original JOIN frame ON frame.id = original.frame_id
    WHERE original.in_place = 0 AND original.left_at IS NULL
      AND EXISTS (SELECT 1 FROM delivery
        WHERE delivery.original_id = original.id AND state = 'sent')
      AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.frame_id = frame.id AND state != 'sent'
        AND (original_id = original.id OR original_id IS NULL))
      AND NOT (\(try isToRender(in: database)))
      AND NOT EXISTS (SELECT 1 FROM published WHERE published.original_id = original.id
        AND published.state != 'as_is')
      AND delivered_at <= ?
    ORDER BY original.frame_id, original.id
    """
  }
}
