import ArgumentParser
import Journal

/// `pixcheese queue retry`
struct QueueRetry: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Make parked and put-off deliveries due at once.",
    discussion: ExitStatus.table)

  @OptionGroup var options: GlobalOptions

  @Argument(help: "Only these frames: a file's name, or the first digits of the SHA-256.")
  var frame: [String] = []

  @Option(help: ArgumentHelp("Only deliveries to this album.", valueName: "album"))
  var album: String?

  func run() async throws {
    try await run(in: try options.context())
  }

  struct Answer: Encodable, Sendable {
    let retried: Int
    let running: Bool
  }

  func run(in context: Context) async throws {
    let (journal, isRunning) = try await QueueCommand.open(context)
    let frames = frame.isEmpty ? nil : try await QueueCommand.frames(frame, in: journal)
    let count = try await journal.retry(QueueSelection(frames: frames, album: album))
    context.console.emit(Answer(retried: count, running: isRunning))
    context.console.answer(
      count == 0
        ? "Nothing was parked or put off."
        : "\(Text.count(count, "delivery", "deliveries")) due at once. "
          + QueueAnswer(frames: nil, deliveries: count, running: isRunning).next)
  }
}
