import ArgumentParser
import Foundation
import Logging

/// The options that every command understands (contract.md).
struct GlobalOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Keep everything under one folder.", valueName: "dir"))
  var home: String?

  @Flag(help: "One JSON object a line on standard output, and nothing else there.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say only what is wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Say more.")
  var verbose = false

  /// What a command works with: where things lie, what is set, and where words go.
  func context(environment: [String: String] = ProcessInfo.processInfo.environment) throws(Complaint)
    -> Context
  {
    let home = try Home(option: home, environment: environment)
    let settings = try Settings(file: home.configuration, environment: environment)
    let isQuiet = try settings.flag("quiet", option: quiet ? true : nil)
    let isVerbose = try settings.flag("verbose", option: verbose ? true : nil)
    let isJSON = try settings.flag("json", option: json ? true : nil)
    let console = Console(
      isJSON: isJSON, loudness: isQuiet ? .quiet : isVerbose ? .verbose : .normal, environment: environment)
    return Context(home: home, settings: settings, console: console)
  }

  /// Runs a command that stays: whatever it ends with, scripts are told as an `error` event too.
  func run(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    _ body: (Context) async throws -> Void
  ) async throws {
    // Until the settings are read there are the option and the variable to go by.
    var isJSON = json || ["1", "true", "yes", "on"].contains(environment["PIXCHEESE_JSON"]?.lowercased())
    do {
      let context = try context(environment: environment)
      isJSON = context.console.isJSON
      try await body(context)
    } catch {
      if let complaint = Complaint(ending: error) {
        Console(isJSON: isJSON, loudness: .quiet, environment: [:]).emit(
          LiveEvent.Line(
            event: .error(code: complaint.status.code, message: complaint.message), time: Date()))
      }
      throw error
    }
  }
}

/// What a command works with.
struct Context: Sendable {
  let home: Home
  let settings: Settings
  let console: Console

  /// For what only somebody who looks for a cause wants to read: to standard error with `--verbose`, else warnings only.
  var logger: Logger {
    let stream = LogStream(console: console)
    var logger = Logger(label: "pixcheese") { StreamLogHandler(label: $0, stream: stream) }
    logger.logLevel = console.loudness == .verbose ? .info : .critical
    return logger
  }
}

/// Lets log lines go the way of all other words, so that a reader who takes nothing holds up nobody who logs.
private struct LogStream: TextOutputStream, Sendable {
  let console: Console

  mutating func write(_ text: String) { console.log(text) }
}
