import ArgumentParser
import Journal

/// `pixcheese queue drop`
struct QueueDrop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Take deliveries out of the queue; the photos stay.",
    discussion: """
      What was delivered stays in the album, and every original stays where it is; queue send sends it after all. \
      What is on its way at this moment may still arrive.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Argument(help: "Of these frames: a file's name, or the first digits of the SHA-256.")
  var frame: [String] = []

  @Option(help: ArgumentHelp("To this album.", valueName: "album"))
  var album: String?

  @Flag(help: "Those that wait for a person.")
  var parked = false

  @Flag(help: "All of them.")
  var all = false

  func validate() throws {
    guard !frame.isEmpty || album != nil || parked || all else {
      throw ValidationError("Name frames, or give --album, --parked or --all.")
    }
    if all, !frame.isEmpty { throw ValidationError("--all is for no frames in particular.") }
  }

  func run() async throws {
    try await run(in: try options.context())
  }

  func run(in context: Context) async throws {
    let (journal, isRunning) = try await QueueCommand.open(context)
    let frames = frame.isEmpty ? nil : try await QueueCommand.frames(frame, in: journal)
    let change = try await journal.drop(
      QueueSelection(frames: frames, album: album, isParkedOnly: parked))
    context.console.emit(
      QueueAnswer(frames: change.frames, deliveries: change.deliveries, running: isRunning))
    context.console.answer(
      change.deliveries == 0
        ? "Nothing of that waits."
        : """
        \(Text.count(change.deliveries, "delivery", "deliveries")) of \(Text.count(change.frames, "frame")) taken out. \
        The originals are kept, and nothing was removed from an album.
        To send them after all: pixcheese queue send
        """)
  }
}
