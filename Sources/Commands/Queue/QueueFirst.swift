import ArgumentParser
import Journal

/// `pixcheese queue first`
struct QueueFirst: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "first", abstract: "Push frames to the front of the queue.",
    discussion: """
      They go before all other frames: their thumbnails and previews, and their originals when no thumbnail or preview \
      waits, also over a network that costs by the byte (--originals on-wifi). Of several pushed frames the last one \
      pushed goes first. What is kept back stays so: queue send sends that.

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
        ? "\(Text.count(change.frames, "frame")) first; nothing of it waits now. What is kept back goes by queue send."
        : "\(Text.count(change.frames, "frame")) first (\(Text.count(change.deliveries, "delivery", "deliveries"))). "
          + answer.next)
  }
}
