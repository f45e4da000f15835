import ArgumentParser
import Foundation
import Journal
import Model
import SystemPackage

/// `pixcheese queue prune`
struct QueuePrune: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Let delivered originals leave the spool.",
    discussion: """
      Only originals that are delivered everywhere leave, the oldest first, and by a policy: forever (none), delivered \
      (all of those), days:N (those whose last delivery is N days ago), room:SIZE (as many as it takes until SIZE of \
      the disk is free). Without --keep it is spool.keep of the configuration. Renditions stay.

      A run at work does this by itself, by spool.keep; it must be stopped first.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(
    help: ArgumentHelp("The policy for this time.", valueName: "forever|delivered|days:N|room:SIZE"))
  var keep: String?

  @Flag(help: "Only say what would leave.")
  var dryRun = false

  func run() async throws {
    try await run(in: try options.context())
  }

  struct Answer: Encodable, Sendable {
    struct Original: Encodable, Sendable {
      let frame: String
      let name: String
      let bytes: Int64
      let path: String
      let deliveredAt: String

      enum CodingKeys: String, CodingKey {
        case frame, name, bytes, path
        case deliveredAt = "delivered_at"
      }
    }
    let dryRun: Bool
    let bytes: Int64
    let originals: [Original]

    enum CodingKeys: String, CodingKey {
      case bytes, originals
      case dryRun = "dry_run"
    }
  }

  func run(in context: Context) async throws {
    let keep =
      try context.settings.value("spool.keep", option: keep, needed: SpoolKeep.needed, SpoolKeep.init)
      ?? .forever
    guard FileManager.default.fileExists(atPath: context.home.journal.string) else {
      throw Complaint(
        .noInput, "There is no journal at \(context.home.journal) yet: nothing is in the spool.")
    }
    let left = try await originals(keep, in: context)
    let bytes = left.reduce(0) { $0 + $1.bytes }
    context.console.emit(
      Answer(
        dryRun: dryRun, bytes: bytes,
        originals: left.map {
          Answer.Original(
            frame: $0.frame.hex, name: $0.name, bytes: $0.bytes, path: $0.path.string,
            deliveredAt: Text.time($0.deliveredAt))
        }))
    context.console.answer(Self.words(for: left, bytes: bytes, keep: keep, isRehearsal: dryRun))
  }

  private func originals(_ keep: SpoolKeep, in context: Context) async throws -> [PrunedOriginal] {
    let (path, spool) = (context.home.journal, context.home.spool)
    guard dryRun else { return try await Journal.open(at: path, spool: spool).prune(keep) }
    // A look needs no lock: it is possible while a run is at work.
    return try await Journal.openForReading(at: path, spool: spool)?.prune(keep, isRehearsal: true) ?? []
  }

  private static func words(
    for originals: [PrunedOriginal], bytes: Int64, keep: SpoolKeep, isRehearsal: Bool
  ) -> String {
    guard !originals.isEmpty else {
      return keep == .forever
        ? "Originals are kept for ever (spool.keep). To let the delivered ones leave: --keep delivered"
        : "Nothing may leave the spool by this policy."
    }
    let rows = originals.map {
      [Text.harmless($0.name), Text.bytes($0.bytes), Text.time($0.deliveredAt), $0.path.string]
    }
    return Text.table([["NAME", "BYTES", "DELIVERED", "PATH"]] + rows)
      + "\n\n\(Text.count(originals.count, "original")) (\(Text.bytes(bytes))) "
      + (isRehearsal ? "would leave the spool." : "left the spool.")
  }
}
