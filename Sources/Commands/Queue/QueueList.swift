import ArgumentParser
import Delivery
import Foundation
import Journal
import Model
import SystemPackage

/// `pixcheese queue list`
struct QueueList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Every delivery that waits: why, how much, since when, when it is tried next, and what to do.",
    discussion: """
      With --quiet the frames alone, one a line, for queue first, send, retry and drop.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
  var rows: Int?

  @Flag(help: "Those that are kept back (--send, --originals, queue drop) instead of those that wait.")
  var held = false

  /// The answer, one value for the table, for `--quiet` and for `--json`.
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
      /// Since when it is there to be done; `nil` where an older version wrote it down.
      let since: Date?
      let words: WaitingWords

      enum CodingKeys: String, CodingKey {
        case frame, name, kind, album, state, bytes, offset, attempts, since
      }

      init(_ delivery: Delivery, sender: Sender, now: Date = Date()) {
        frame = delivery.frame.hex
        name = delivery.name
        kind = delivery.kind.rawValue
        album = delivery.album
        state = delivery.state.rawValue
        bytes = delivery.bytes
        offset = delivery.offset
        attempts = delivery.attempts
        since = delivery.addedAt
        words = WaitingWords(
          delivery.situation, nextTryAt: delivery.nextTryAt, sender: sender,
          frame: String(delivery.frame.hex.prefix(8)), now: now)
      }

      /// With `null` where there is nothing to say.
      func encode(to encoder: any Encoder) throws {
        try words.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(frame, forKey: .frame)
        try container.encode(name, forKey: .name)
        try container.encode(kind, forKey: .kind)
        try container.encode(album, forKey: .album)
        try container.encode(state, forKey: .state)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(offset, forKey: .offset)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(since.map { Text.time($0) }, forKey: .since)
      }
    }
    let deliveries: [Row]
    let running: Bool
  }

  func run() async throws {
    try await run(in: try options.context())
  }

  func run(in context: Context) async throws {
    guard
      let journal = try await Journal.openForReading(at: context.home.journal, spool: context.home.spool)
    else {
      context.console.emit(Answer(deliveries: [], running: false))
      return context.console.answer("Nothing waits: there is no journal at \(context.home.journal) yet.")
    }
    let limit = try context.settings.number("queue.rows", option: rows, in: 1...1_000_000) ?? 1000
    let answer = try await Self.answer(in: context, from: journal, limit: limit, held: held)
    context.console.emit(answer)
    if context.console.loudness == .quiet {
      var seen: Set<String> = []
      let frames = answer.deliveries.map(\.frame).filter { seen.insert($0).inserted }
      if !frames.isEmpty { context.console.answer(frames.joined(separator: "\n")) }
      return
    }
    guard !answer.deliveries.isEmpty else {
      return context.console.answer(held ? "Nothing is kept back." : "Nothing waits.")
    }
    context.console.answer(Self.text(answer, width: context.console.answerWidth))
  }

  static func answer(
    in context: Context, from journal: Journal, limit: Int, held: Bool, now: Date = Date()
  ) async throws -> Answer {
    let sender = try Sender(of: journal, in: context)
    let open = try await journal.openDeliveries(limit: limit, held: held)
    return Answer(
      deliveries: open.map { Answer.Row($0, sender: sender, now: now) }, running: sender.isRunning)
  }

  /// The deliveries below the reason that they share: what is the same for many is said once, and the lines stay short.
  /// - Parameter width: the terminal's columns; `nil` where there is none.
  static func text(_ answer: Answer, width: Int?, now: Date = Date()) -> String {
    let head = ["FRAME", "NAME", "WHAT", "SENT", "OF", "SINCE", "NEXT TRY"]
    let table = Text.table(
      [head]
        + answer.deliveries.map { row in
          [
            String(row.frame.prefix(8)), Text.harmless(row.name), row.kind, Text.bytes(row.offset),
            Text.bytes(row.bytes),
            row.since.map { Text.duration(seconds: Int(max(0, now.timeIntervalSince($0)))) } ?? "",
            row.words.nextTryAt.map { Text.wait(until: $0, from: now) } ?? "",
          ]
        }, cutting: 1, to: width
    ).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let lastReasons = answer.deliveries.reduce(into: [:]) {
      $0[$1.place] = $0[$1.place] ?? $1.words.lastReason
    }
    var groups: [(heading: [String], lines: [String])] = []
    for (row, line) in zip(answer.deliveries, table.dropFirst()) {
      var words = row.words
      // What was not tried yet waits for what the others met.
      words.lastReason = words.lastReason ?? lastReasons[row.place]
      let heading = ["\(Text.harmless(row.album)): \(Text.sentence(words.text))", row.sharedRemedy]
      if let index = groups.firstIndex(where: { $0.heading == heading }) {
        groups[index].lines.append(line)
      } else {
        groups.append((heading, [line]))
      }
    }
    var lines = answer.running ? [] : ["No pixcheese is at work: nobody is sending.", ""]
    lines.append(table[0])
    for group in groups {
      lines.append("")
      lines += group.heading.flatMap { Text.wrapped($0, to: width) }
      lines += group.lines
    }
    return lines.joined(separator: "\n")
  }
}

extension QueueList.Answer.Row {
  /// What those have in common that wait for the same.
  fileprivate var place: [String] { [album, words.reason] }

  /// What to do, for all that wait for the same.
  fileprivate var sharedRemedy: String {
    words.remedy.replacingOccurrences(of: String(frame.prefix(8)), with: "FRAME")
  }
}
