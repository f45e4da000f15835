import ArgumentParser
import Foundation

/// `pixcheese-bench`: what `scripts/bench` cannot measure from outside, the journal alone. Each command prints one
/// line of JSON; times are in seconds.
@main
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pixcheese-bench", abstract: "Measures the journal and the spool; scripts/bench runs it.",
    subcommands: [DiskCommand.self, SafeCommand.self, FillCommand.self, OpenCommand.self])

  /// One line of JSON on standard output.
  static func answer(_ figures: [String: Double]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try FileHandle.standardOutput.write(contentsOf: encoder.encode(figures) + Data("\n".utf8))
  }
}

extension Duration {
  /// As a number of seconds.
  var seconds: Double { self / .seconds(1) }
}
