import ArgumentParser
import Foundation
import Testing

@testable import Commands

/// The manual pages, the configuration's table and the help are written by hand; here they are held against each other.
@Suite("What the documents say of options")
struct DocumentTests {
  private static let project = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// What every command understands; `pixcheese.1` has it.
  private static let global: Set<String> = ["home", "json", "quiet", "verbose", "help", "version"]

  /// What one call is to do: no settings, so they have neither a variable nor a key.
  private static let acts: Set<String> = [
    "all", "check", "dry-run", "held", "marked", "parked", "rated", "repair",
  ]

  /// Settings that nobody says anew each time: they have no option.
  private static let settled: Set<String> = [
    "congestion-control", "delete-pause", "reserve", "worker-memory", "worker-silence",
  ]

  /// A command, and the manual page that it is in.
  private struct Documented {
    let page: String
    let command: any ParsableCommand.Type
  }

  /// The commands that people see.
  private static func commands() -> [Documented] {
    var commands: [Documented] = []
    for command in Pixcheese.configuration.subcommands where command.configuration.shouldDisplay {
      let page = "pixcheese-\(command.configuration.commandName ?? "").1"
      commands.append(Documented(page: page, command: command))
      for subcommand in command.configuration.subcommands {
        commands.append(Documented(page: page, command: subcommand))
      }
    }
    return commands
  }

  /// The names of a command's own options, as its help shows them.
  private static func options(of command: any ParsableCommand.Type) -> Set<String> {
    let help = Pixcheese.helpMessage(for: command, columns: 300)
    let names = help.matches(of: #/^ {2}(?:-\w, )?--([a-z-]+)/#.anchorsMatchLineEndings()).map {
      String($0.1)
    }
    return Set(names).subtracting(global)
  }

  private static func text(of file: String) throws -> String {
    try String(contentsOf: project.appending(path: file), encoding: .utf8)
  }

  /// The options that a manual page describes, the negative of a flag beside it left out.
  private static func described(in page: String) throws -> Set<String> {
    let text = try text(of: "man/\(page)")
    let items = text.split(separator: "\n").filter { $0.hasPrefix(".It Fl") }
    let names = Set(items.flatMap { $0.matches(of: #/Fl -([a-z-]+)/#).map { String($0.1) } })
    return names.filter { !$0.hasPrefix("no-") || !names.contains(String($0.dropFirst(3))) }
  }

  @Test("Each option of each command is in its manual page, and each in a page is an option")
  func manual() throws {
    let pages = Dictionary(grouping: Self.commands()) { $0.page }
    #expect(pages.count > 8)
    for (page, commands) in pages {
      let options = commands.reduce(into: Set<String>()) { $0.formUnion(Self.options(of: $1.command)) }
      #expect(try Self.described(in: page).subtracting(Self.global) == options, "\(page)")
    }
    #expect(try Self.described(in: "pixcheese.1") == Self.global)
  }

  @Test(
    "Each option has a key, and so a variable; each key is an option, and stands in the configuration's table"
  )
  func settings() throws {
    let options = Self.commands().reduce(into: Set<String>()) { $0.formUnion(Self.options(of: $1.command)) }
    let names = Set(
      Settings.known.map { String($0.split(separator: ".").last ?? "").replacing("_", with: "-") })
    #expect(options.subtracting(names) == Self.acts)
    #expect(names.subtracting(options).subtracting(Self.global) == Self.settled)
    let table = try Self.text(of: "docs/configuration.md")
    for key in Settings.known { #expect(table.contains("`\(key)`"), "\(key)") }
    for act in Self.acts { #expect(table.contains("`--\(act)`"), "\(act)") }
  }

  @Test("docs/dependencies.md has every package that the scripts install")
  func dependencies() throws {
    let debian = try Self.text(of: "scripts/install-packages")
      .matches(of: #/^([a-z0-9.-]+) +(?:program:|library:|anything)/#.anchorsMatchLineEndings()).map(\.1)
    let python = try Self.text(of: "scripts/test-venv.sh").matches(of: #/([a-z-]+)(?:\[[a-z]+\])?==/#).map(
      \.1)
    #expect(debian.count > 20 && python.count > 7)
    let document = try Self.text(of: "docs/dependencies.md")
    for package in debian + python { #expect(document.contains(package), "\(package)") }
  }

  @Test("docs/journal.md has every table of the journal")
  func tables() throws {
    let folder = "Sources/Journal"
    let schemas = try FileManager.default.contentsOfDirectory(
      atPath: Self.project.appending(path: folder).path
    ).filter { $0.hasPrefix("Schema") }
    let tables = try schemas.flatMap { schema in
      // What a migration renames at once is no table of its own.
      try Self.text(of: "\(folder)/\(schema)").matches(of: #/CREATE TABLE (?!new_)(\w+)/#).map {
        String($0.1)
      }
    }
    #expect(tables.count > 15)
    let document = try Self.text(of: "docs/journal.md")
    for table in tables { #expect(document.contains("\n| `\(table)` |"), "\(table)") }
  }

  @Test("Each command has a manual page, and each page a command")
  func pages() throws {
    let names = Set(Self.commands().map { $0.page })
    let pages = try FileManager.default.contentsOfDirectory(
      atPath: Self.project.appending(path: "man").path)
    #expect(names.union(["pixcheese.1", "pixcheese-camsim.1"]) == Set(pages))
  }
}
