import Foundation
import Testing

/// A folder of a test's own, which goes with its owner; and the programs, run with it as their `--home`.
final class Home: Sendable {
  let folder: URL

  /// The folder of the programs: `PIXCHEESE_PROGRAMS`, else where those are that were built together with these tests.
  private static let build =
    switch ProcessInfo.processInfo.environment["PIXCHEESE_PROGRAMS"] {
    case let folder? where !folder.isEmpty: URL(filePath: folder, directoryHint: .isDirectory)
    default: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }
  static let pixcheese = build.appending(path: "pixcheese")
  static let camsim = build.appending(path: "pixcheese-camsim")

  /// - Parameter place: where the folder is made.
  init(at place: URL = FileManager.default.temporaryDirectory) throws {
    folder = place.appending(path: "pixcheese-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      Issue.record("\(folder.path) is left behind: \(error)")
    }
  }

  /// The folder that `--home` names; it is not made until the program makes it.
  var path: String { folder.appending(path: "home").path }

  /// The journal's file.
  var journal: URL { folder.appending(path: "home/journal.sqlite") }

  /// Starts `pixcheese COMMAND… --home HOME --json`.
  func start(_ arguments: String..., environment: [String: String] = [:]) throws -> Program {
    try start(arguments, environment: environment)
  }

  func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Program {
    try Program(Self.pixcheese, arguments + ["--home", path, "--json"], environment: environment)
  }

  /// Runs `pixcheese COMMAND… --home HOME --json` to its end.
  func run(
    _ arguments: String..., environment: [String: String] = [:], within limit: Duration = .seconds(300)
  ) async throws -> Ended {
    let program = try start(arguments, environment: environment)
    return Ended(status: try await program.end(within: limit), program: program)
  }

  /// Starts a tether of one simulated camera.
  func tether(_ camera: SimulatedCamera, album: String, _ more: [String] = []) throws -> Program {
    try start(["tether", "--camera", camera.address, "--album", album, "--listen", "127.0.0.1:0"] + more)
  }

  /// Writes a file into the folder, beside the home.
  /// - Returns: its path.
  @discardableResult
  func write(_ name: String, _ bytes: Data) throws -> String {
    let file = folder.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try bytes.write(to: file)
    return file.path
  }

  /// A command that ended.
  struct Ended: Sendable {
    let status: Program.Status
    let program: Program

    /// What it said to people.
    var words: String { program.words }
    var lines: [Program.Line] { program.lines }
    var events: [Event] { program.events }

    /// Whether its complaint is one to three lines, none of which is a stack trace.
    var isBrief: Bool {
      let lines = words.split(separator: "\n")
      let complaint = lines.lastIndex { $0.hasPrefix("pixcheese: ") }.map { lines[$0...] } ?? []
      return (1...3).contains(complaint.count) && !words.contains("Fatal error") && !words.contains("0x")
    }
  }
}
