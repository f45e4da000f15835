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
      let since: String?
      let nextTryAt: String?
      /// Why it waits, in words.
      let reason: String
      /// The reason's kind, for a program; `nil` where nothing is in the way.
      let code: String?
      /// What a person can do.
      let remedy: String?

      enum CodingKeys: String, CodingKey {
        case frame, name, kind, album, state, bytes, offset, attempts, since, reason, code, remedy
        case nextTryAt = "next_try_at"
      }

      init(_ delivery: Delivery, isRunning: Bool) {
        frame = delivery.frame.hex
        name = delivery.name
        kind = delivery.kind.rawValue
        album = delivery.album
        state = delivery.state.rawValue
        bytes = delivery.bytes
        offset = delivery.offset
        attempts = delivery.attempts
        since = delivery.addedAt.map { Text.time($0) }
        nextTryAt = delivery.nextTryAt.map { Text.time($0) }
        code = delivery.reasonCode
        let known = delivery.reasonCode.flatMap(DeliveryReason.Code.init(rawValue:))
        if let text = delivery.reason {
          reason = text
          remedy = known?.remedy
        } else if delivery.state == .held {
          reason = "kept back"
          remedy = "pixcheese queue send \(delivery.frame.hex.prefix(8))"
        } else if isRunning {
          reason = delivery.state == .sending ? "is being sent" : "waits for its turn"
          remedy = nil
        } else {
          reason = "nobody is sending"
          remedy = "pixcheese tether, or pixcheese upload, goes on with it"
        }
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
    let isRunning = JournalLock.isHeld(beside: journal.path)
    let open = try await journal.openDeliveries(
      limit: try context.settings.number("queue.rows", option: rows, in: 1...1_000_000) ?? 1000, held: held)
    let answer = Answer(
      deliveries: open.map { Answer.Row($0, isRunning: isRunning) }, running: isRunning)
    context.console.emit(answer)
    if context.console.loudness == .quiet {
      var seen: Set<String> = []
      let frames = answer.deliveries.map(\.frame).filter { seen.insert($0).inserted }
      if !frames.isEmpty { context.console.answer(frames.joined(separator: "\n")) }
      return
    }
    guard !open.isEmpty else {
      return context.console.answer(held ? "Nothing is kept back." : "Nothing waits.")
    }
    context.console.answer(Self.table(answer, open))
  }

  static func table(_ answer: Answer, _ open: [Delivery], now: Date = Date()) -> String {
    let head = ["FRAME", "NAME", "WHAT", "ALBUM", "STATE", "SENT", "OF", "SINCE", "NEXT TRY", "WHY"]
    let rows = zip(answer.deliveries, open).map { row, delivery in
      [
        String(row.frame.prefix(8)), Text.harmless(row.name), row.kind, Text.harmless(row.album), row.state,
        Text.bytes(row.offset), Text.bytes(row.bytes),
        delivery.addedAt.map { Text.duration(seconds: Int(max(0, now.timeIntervalSince($0)))) } ?? "",
        delivery.nextTryAt.map { Text.wait(until: $0, from: now) } ?? "", Text.harmless(row.reason),
      ]
    }
    // What to do is the same for many: it is said once, below.
    var said: Set<String> = []
    let remedies = answer.deliveries.compactMap { row -> String? in
      guard let remedy = row.remedy, row.state != Delivery.State.held.rawValue else { return nil }
      guard said.insert("\(row.reason)\n\(remedy)").inserted else { return nil }
      return "\(Text.sentence(Text.harmless(row.reason))) \(remedy)"
    }
    return ([Text.table([head] + rows)] + (remedies.isEmpty ? [] : [""]) + remedies).joined(separator: "\n")
  }
}
