import ArgumentParser
import Journal

/// `pixcheese queue first`
struct QueueFirst: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "first", abstract: "Push frames to the front of the queue.",
    discussion: """
      They go before all other frames, thumbnail, preview and original each before the others of their kind; of \
      several pushed frames the last one pushed goes first.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Argument(help: "The frames: a file's name, or the first digits of the SHA-256.")
  var frame: [String]

  func run() async throws {
    try await run(in: try options.context())
  }

  func run(in context: Context) async throws {
    let (journal, isRunning) = try await QueueCommand.open(context)
    let change = try await journal.pushToFront(try await QueueCommand.frames(frame, in: journal))
    let answer = QueueAnswer(frames: change.frames, deliveries: change.deliveries, running: isRunning)
    context.console.emit(answer)
    context.console.answer(
      change.deliveries == 0
        ? "\(Text.count(change.frames, "frame")) first; nothing of it waits now."
        : "\(Text.count(change.frames, "frame")) first (\(Text.count(change.deliveries, "delivery", "deliveries"))). "
          + answer.next)
  }
}
