import ArgumentParser
import Foundation
import GRDB
import Glibc
import Journal
import SystemPackage

/// Makes a journal as a long season leaves it: every frame with two renditions, delivered to one album, the last
/// hundred still to go; and its spool, with an empty file for each original.
struct FillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fill", abstract: "Makes a journal of many frames.")

  @Option(help: "An empty folder.")
  var folder: String

  @Option(help: "How many frames.")
  var frames = 100_000

  func run() async throws {
    let home = FilePath(folder)
    let path = home.appending("journal.sqlite")
    let spool = home.appending("spool")
    try await makeTables(at: path, spool: spool)
    let database = try DatabaseQueue(path: path.string)
    try await database.write { [frames] database in
      for statement in Self.rows {
        try database.execute(
          sql: statement, arguments: statement.contains(":frames") ? ["frames": frames] : [])
      }
    }
    try database.close()
    for number in 1...frames {
      let day = spool.appending(Self.day(number))
      if number % Self.framesADay == 1 || number == 1 {
        try FileManager.default.createDirectory(atPath: day.string, withIntermediateDirectories: true)
      }
      let descriptor = open(day.appending("IMG_\(number).JPG").string, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Errno(rawValue: errno) }
      close(descriptor)
    }
    try BenchCommand.answer(["frames": Double(frames)])
  }

  /// The journal makes its own tables; it must be closed before another connection writes it.
  private func makeTables(at path: FilePath, spool: FilePath) async throws {
    let journal = try await Journal.open(at: path, spool: spool)
    _ = try await journal.beginSession()
  }

  private static let framesADay = 2000

  /// The spool's folder of a frame; `rows` says the same in SQL.
  private static func day(_ number: Int) -> String { "day-\((number - 1) / framesADay)" }

  /// What many runs would have written, in bulk (docs/journal.md, "Tables").
  private static let rows = [
    "INSERT INTO destination (id, album) VALUES (1, 'http://127.0.0.1:9/a/bench')",
    """
    INSERT INTO frame (id, hash, session_id, source, announced_at, safe_at, facts, rendering)
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :frames)
    SELECT n, randomblob(32), 1, 'PXC0000001', 1795000000000 + n * 1000, 1795000000300 + n * 1000,
      '{"capturedAt":"2026-11-23T10:00:00+08:00","width":6000,"height":4000,"camera":"Pixcheese Bench"}', 'done'
    FROM number
    """,
    """
    INSERT INTO original (frame_id, hash, name, media_type, bytes, path, in_place)
    SELECT id, hash, 'IMG_' || id || '.JPG', 'image/jpeg', 25000000,
      'day-' || ((id - 1) / 2000) || '/IMG_' || id || '.JPG', 0 FROM frame
    """,
    """
    INSERT INTO rendition (frame_id, kind, hash, media_type, bytes, path)
    SELECT frame.id, kind.kind, randomblob(32), 'image/jpeg', kind.bytes,
      'renditions/00/' || hex(randomblob(32)) || '.jpg'
    FROM frame, (SELECT 'thumbnail' AS kind, 30000 AS bytes UNION ALL SELECT 'preview', 400000) AS kind
    """,
    """
    INSERT INTO source_object (source, folder, name, bytes, modified, disposition, session_id, frame_id)
    SELECT 'PXC0000001', '/store_00010001/DCIM/100PIXCH', 'IMG_' || id || '.JPG', 25000000, id, 'taken', 1, id FROM frame
    """,
    "INSERT INTO choice (frame_id, destination_id, is_chosen) SELECT id, 1, 1 FROM frame",
    """
    INSERT INTO delivery (frame_id, destination_id, kind, original_id, state, offset, sent_at, source)
    SELECT frame.id, 1, kind.kind, iif(kind.kind = 'original', frame.id, NULL),
      iif(frame.id > :frames - 100, 'waiting', 'sent'), 0, NULL, frame.source
    FROM frame, (SELECT 'thumbnail' AS kind UNION ALL SELECT 'preview' UNION ALL SELECT 'original') AS kind
    """,
  ]
}
