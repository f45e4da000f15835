public import Foundation
import GRDB
import Model

/// A while during which a camera's clock was seen to be ahead of this machine's by the same number of seconds.
public struct ClockSpan: Hashable, Sendable {
  public var since: Date
  public var until: Date
  /// As `CaptureClock.offset`.
  public var offset: Int

  public init(since: Date, until: Date, offset: Int) {
    self.since = since
    self.until = until
    self.offset = offset
  }
}

extension Journal {
  /// What is known of a camera's clock, oldest first: the last hundred spans.
  /// - Throws: `JournalError`.
  public func clockSpans(of source: String) async throws(JournalError) -> [ClockSpan] {
    try await read("Reading what is known of a camera's clock") { database in
      try Row.fetchAll(
        database,
        sql: "SELECT since, until, offset FROM camera_clock WHERE source = ? ORDER BY since DESC LIMIT 100",
        arguments: [source]
      ).reversed().map {
        ClockSpan(
          since: Date(milliseconds: $0["since"]), until: Date(milliseconds: $0["until"]), offset: $0["offset"]
        )
      }
    }
  }

  /// Writes down a span, or how long it has lasted by now.
  /// - Throws: `JournalError`.
  public func record(_ span: ClockSpan, of source: String) async throws(JournalError) {
    try await write("Writing down a camera's clock") { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO camera_clock (source, since, until, offset) VALUES (?, ?, ?, ?)",
        arguments: [source, span.since.milliseconds, span.until.milliseconds, span.offset])
    }
  }

  /// The clock of a frame that is written down; `nil` where its source says nothing of one.
  static func clock(of frame: Int64, in database: Database) throws -> CaptureClock? {
    guard
      let row = try Row.fetchOne(
        database, sql: "SELECT clock_offset, zone FROM frame WHERE id = ?", arguments: [frame]),
      let zone = row["zone"] as String?
    else { return nil }
    return CaptureClock(offset: row["clock_offset"], zone: zone)
  }
}
