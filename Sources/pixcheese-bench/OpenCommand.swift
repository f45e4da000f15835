import ArgumentParser
import Foundation
import Journal
import SystemPackage

/// What a start costs with a journal that `fill` made.
struct OpenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Opens a journal, looks for due deliveries and reconciles the spool.")

  @Option(help: "The folder that `fill` filled.")
  var folder: String

  func run() async throws {
    let home = FilePath(folder)
    let clock = ContinuousClock()
    let album = "http://127.0.0.1:9/a/bench"
    let start = clock.now
    let journal = try await Journal.open(at: home.appending("journal.sqlite"), spool: home.appending("spool"))
    let opened = clock.now
    let due = try await journal.dueDeliveries(to: album, limit: 4)
    let looked = clock.now
    let reconciled = try await journal.reconcile(session: nil, albums: [album])
    let together = clock.now
    _ = try await journal.backlogs()
    let counted = clock.now
    guard due.count == 12, reconciled.missing.isEmpty, reconciled.adopted.isEmpty else {
      throw ValidationError("\(folder) is not as fill left it.")
    }
    try BenchCommand.answer([
      "open": (opened - start).seconds, "first_due": (looked - opened).seconds,
      "reconcile": (together - looked).seconds, "backlogs": (counted - together).seconds,
    ])
  }
}
