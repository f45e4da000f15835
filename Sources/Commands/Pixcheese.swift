public import ArgumentParser
import Glibc

/// `pixcheese`: live photo streaming from a tethered camera to an album.
public struct Pixcheese: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "pixcheese",
    abstract: "Live photo streaming: from a tethered camera to an album that guests watch.",
    discussion: """
      Plug in a camera and run `pixcheese tether`: every new frame is made safe on this machine's disk and goes to \
      the album at once. With nothing configured the album lives on this machine; its link is printed.

      Try it without a camera: pixcheese demo

      \(ExitStatus.table)
      """,
    version: version,
    subcommands: [
      DemoCommand.self, TetherCommand.self, UploadCommand.self, CamerasCommand.self, QueueCommand.self,
      StatusCommand.self, AlbumCommand.self, DoctorCommand.self,
      ServeCommand.self, CameraWorkerCommand.self,
    ])

  static let version = "0.1.0"

  public init() {}

  /// Runs the program with the process's arguments and never returns.
  public static func run() async -> Never {
    // A reader of our output, a worker or a server that went away is an error of one write, not the end of the run.
    signal(SIGPIPE, SIG_IGN)
    var isLasting = false
    do {
      var command = try parseAsRoot()
      isLasting = command is any LastingCommand
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      await Console.finish(isLasting: isLasting)
      Glibc.exit(ExitStatus.done.rawValue)
    } catch {
      await end(with: error, isLasting: isLasting)
    }
  }

  private static func end(with error: any Error, isLasting: Bool) async -> Never {
    let complaint = Complaint(ending: error) ?? misread(error)
    if let complaint, !complaint.message.isEmpty {
      Console(isJSON: false, loudness: .quiet, environment: [:]).complain("pixcheese: \(complaint.message)")
    }
    await Console.finish(isLasting: isLasting)
    // What is asked of the argument parser (help, the version) is no complaint.
    guard let complaint else { exit(withError: error) }
    Glibc.exit(complaint.status.rawValue)
  }

  /// What the argument parser could not read, in three lines: its own words have more.
  private static func misread(_ error: any Error) -> Complaint? {
    guard exitCode(for: error) == .validationFailure else { return nil }
    let hints = fullMessage(for: error).split(separator: "\n").filter {
      $0.hasPrefix("Usage: ") || $0.hasPrefix("  See ")
    }
    let lines = [message(for: error)] + hints.map { String($0.drop { $0 == " " }) }
    return Complaint(.usage, lines.map(Text.harmless).joined(separator: "\n"))
  }
}

/// A command that stays until it is stopped or its work is done, and says meanwhile what happens; any other gives one
/// answer and ends.
protocol LastingCommand: AsyncParsableCommand {}
