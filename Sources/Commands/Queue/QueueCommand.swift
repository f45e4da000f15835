import ArgumentParser
import Glibc
import Journal
import Model
import SystemPackage

/// `pixcheese queue`: the journal's deliveries, by hand.
struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "What waits to be delivered: why, and what to do about it.",
    discussion: """
      All of it but prune works while a tether, an upload or the service is at work with the same journal, and counts \
      at once.

      \(ExitStatus.table)
      """,
    subcommands: [
      QueueList.self, QueueRetry.self, QueueFirst.self, QueueSend.self, QueueDrop.self, QueueVerify.self,
      QueuePrune.self,
    ],
    defaultSubcommand: QueueList.self)

  /// Opens the journal for a change, also while a run is at work with it.
  /// - Throws: `Complaint` (66) where there is none.
  static func open(_ context: Context) async throws -> (journal: Journal, isRunning: Bool) {
    guard context.home.journal.exists else {
      throw Complaint(.noInput, "There is no journal at \(context.home.journal) yet: nothing waits.")
    }
    return try await Journal.openForChanges(at: context.home.journal, spool: context.home.spool)
  }

  /// The frames that a person named, each exactly one.
  /// - Throws: `Complaint` (66) for a text that names none, (64) for one that names several.
  static func frames(_ texts: [String], in journal: Journal) async throws -> [Int64] {
    var ids: [Int64] = []
    for text in texts {
      let found = try await journal.frames(named: text)
      guard let frame = found.first else {
        throw Complaint(
          .noInput,
          "\(Text.harmless(text)): the journal has no such frame. Nothing was changed.\n"
            + "A frame is named by its file, IMG_0001.JPG, or by four or more first digits of its SHA-256.")
      }
      guard found.count == 1 else {
        let digits = found.map { String($0.hash.hex.prefix(12)) }.joined(separator: ", ")
        throw Complaint(
          .usage,
          "\(Text.harmless(text)): several frames are called so. Nothing was changed. Name one by its SHA-256: \(digits)"
        )
      }
      ids.append(frame.id)
    }
    return ids
  }
}

/// What a change by hand has come to, one value for the words and for `--json`.
struct QueueAnswer: Encodable, Sendable {
  let frames: Int?
  let deliveries: Int
  /// Whether a run is at work with the journal and goes on with this now.
  let running: Bool

  /// What happens next to what was made due.
  var next: String {
    running
      ? "The pixcheese at work goes on with it now, where it sends to that album."
      : "It goes with the next pixcheese tether or upload."
  }
}

extension FilePath {
  /// Whether there is something at this path.
  var exists: Bool { access(string, F_OK) == 0 }
}
