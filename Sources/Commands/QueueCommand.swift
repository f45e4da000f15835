import ArgumentParser
import Foundation
import Journal
import Model
import SystemPackage

/// `pixcheese queue`: the journal's deliveries, by hand.
struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "The deliveries that are not done: list them, try them again.",
    discussion: ExitStatus.table, subcommands: [List.self, Retry.self, Prune.self],
    defaultSubcommand: List.self)

  /// `pixcheese queue list`
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Every delivery that waits: why, how much, and when it is tried next.",
      discussion: ExitStatus.table)

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
    var rows: Int?

    func run() async throws {
      try await run(in: try options.context())
    }

    struct Answer: Encodable, Sendable {
      struct Row: Encodable, Sendable {
        let frame: String
        let name: String
        let kind: String
        let album: String
        let state: String
        let bytes: Int64
        let offset: Int64
        let attempts: Int
        let nextTryAt: String?
        let reason: String?

        enum CodingKeys: String, CodingKey {
          case frame, name, kind, album, state, bytes, offset, attempts, reason
          case nextTryAt = "next_try_at"
        }
      }
      let deliveries: [Row]
    }

    func run(in context: Context) async throws {
      guard
        let journal = try await Journal.openForReading(at: context.home.journal, spool: context.home.spool)
      else {
        context.console.emit(Answer(deliveries: []))
        return context.console.answer("Nothing waits: there is no journal at \(context.home.journal) yet.")
      }
      let open = try await journal.openDeliveries(
        limit: try context.settings.number("queue.rows", option: rows) ?? 1000)
      let rows = open.map {
        Answer.Row(
          frame: $0.frame.hex, name: $0.name, kind: $0.kind.rawValue, album: $0.album,
          state: $0.state.rawValue,
          bytes: $0.bytes, offset: $0.offset, attempts: $0.attempts, nextTryAt: $0.nextTryAt.map(Text.time),
          reason: $0.reason)
      }
      context.console.emit(Answer(deliveries: rows))
      guard !rows.isEmpty else { return context.console.answer("Nothing waits.") }
      context.console.answer(
        Text.table(
          [["FRAME", "NAME", "WHAT", "ALBUM", "STATE", "SENT", "OF", "NEXT TRY", "WHY"]]
            + zip(rows, open).map { row, delivery in
              [
                String(row.frame.prefix(8)), Text.harmless(row.name), row.kind, Text.harmless(row.album),
                row.state, Text.bytes(row.offset), Text.bytes(row.bytes),
                delivery.nextTryAt.map { Text.wait(until: $0) } ?? "",
                Text.harmless(row.reason ?? ""),
              ]
            }))
    }
  }

  /// `pixcheese queue retry`
  struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "retry", abstract: "Make every parked or put-off delivery due at once.",
      discussion: """
        They go with the next `pixcheese tether` or `pixcheese upload`. A running one must be stopped first.

        \(ExitStatus.table)
        """)

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("Only deliveries to this album.", valueName: "album"))
    var album: String?

    func run() async throws {
      try await run(in: try options.context())
    }

    struct Answer: Encodable, Sendable {
      let retried: Int
    }

    func run(in context: Context) async throws {
      guard FileManager.default.fileExists(atPath: context.home.journal.string) else {
        throw Complaint(.noInput, "There is no journal at \(context.home.journal) yet: nothing waits.")
      }
      let journal = try await Journal.open(at: context.home.journal, spool: context.home.spool)
      let count = try await journal.retry(album: album)
      context.console.emit(Answer(retried: count))
      context.console.answer(
        count == 0
          ? "Nothing was parked or put off." : "\(Text.count(count, "delivery", "deliveries")) due at once.")
    }
  }
}
