import ArgumentParser
import Foundation

/// `pixcheese doctor`: looks at everything that a run depends on, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Check everything that a run depends on, and say what to do.",
    discussion: """
      Nothing is changed, and nothing is sent but a question to each album that is configured or named. A wrong \
      config.toml ends it with 78, as it ends every command.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions
  @OptionGroup var trust: TrustOptions

  @Option(help: ArgumentHelp("Ask this album too; may be given several times.", valueName: "album"))
  var album: [String] = []

  func run() async throws {
    try await run(in: try options.context())
  }

  /// The answer, one value for the table and for `--json`.
  struct Answer: Encodable, Sendable {
    let healthy: Bool
    let checks: [DoctorFinding]
  }

  func run(in context: Context) async throws {
    let albums = try AlbumDoctor(context: context, albums: album, trust: trust)
    let findings =
      await HomeDoctor(home: context.home).findings() + CameraDoctor().findings()
      + SystemDoctor(network: albums.network, environment: context.settings.environment).findings()
      + albums.findings()
    let problems = findings.count { $0.state == .problem }
    context.console.emit(Answer(healthy: problems == 0, checks: findings))
    context.console.answer(Self.text(findings, context.console))
    guard problems == 0 else {
      throw Complaint(
        .unavailable, "\(Text.count(problems, "problem")) found; what to do stands beside each.")
    }
  }

  /// One line for each check, and under it what to do.
  private static func text(_ findings: [DoctorFinding], _ console: Console) -> String {
    let width = findings.map(\.check.count).max() ?? 0
    return findings.map { finding in
      let mark =
        switch finding.state {
        case .good: console.green("ok     ")
        case .note: console.yellow("note   ")
        case .problem: console.red("PROBLEM")
        }
      let name = finding.check.padding(toLength: width, withPad: " ", startingAt: 0)
      let remedy = finding.remedy.map {
        "\n" + String(repeating: " ", count: width + 11) + "→ " + Text.harmless($0)
      }
      return "\(mark)  \(name)  \(Text.harmless(finding.finding))" + (remedy ?? "")
    }.joined(separator: "\n")
  }
}
