import ArgumentParser
import Journal
import Model

/// `pixcheese queue send`
struct QueueSend: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send frames that were kept back after all.",
    discussion: """
      Frames are kept back by --send and --originals of tether and upload, and by queue drop. They go to the albums \
      that they were meant for, or to those that --album names. Which originals go says --originals (PIXCHEESE_ORIGINALS, \
      originals in config.toml; without any, all of them).

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Argument(help: "The frames: a file's name, or the first digits of the SHA-256.")
  var frame: [String] = []

  @Flag(help: "Those with a star, a rating or protection on the camera.")
  var marked = false

  @Option(help: ArgumentHelp("Those with so many stars or more.", valueName: "n"))
  var rated: Int?

  @Flag(help: "All of them.")
  var all = false

  @Option(help: ArgumentHelp("Only to this album; may be given several times.", valueName: "album"))
  var album: [String] = []

  @Option(help: ArgumentHelp("Which originals: jpeg, raw, both or none.", valueName: "which"))
  var originals: String?

  func validate() throws {
    let given = [!frame.isEmpty, marked, rated != nil, all].count { $0 }
    guard given == 1 else {
      throw ValidationError("Name frames, or give one of --marked, --rated N and --all.")
    }
    if let rated, !FrameMark.stars.contains(rated) { throw ValidationError("--rated is 1 to 5.") }
  }

  func run() async throws {
    try await run(in: try options.context())
  }

  func run(in context: Context) async throws {
    for album in album { _ = try AlbumChoice.destination(album) }
    // Sending by hand is what `later` waits for.
    let policy = OriginalsPolicy(
      which: try SendingOptions.originals(originals, in: context.settings).which)
    let (journal, isRunning) = try await QueueCommand.open(context)
    let held: HeldFrames =
      if marked {
        .marked
      } else if let rated {
        .rated(rated)
      } else if all {
        .all
      } else {
        .frames(try await QueueCommand.frames(frame, in: journal))
      }
    let change = try await journal.send(held, to: album, originals: policy)
    let answer = QueueAnswer(frames: change.frames, deliveries: change.deliveries, running: isRunning)
    context.console.emit(answer)
    guard change != QueueChange() else {
      return context.console.answer("Nothing of that was kept back.")
    }
    context.console.answer(
      "\(Text.count(change.frames, "frame")) to send (\(Text.count(change.deliveries, "original"))). \(answer.next)"
    )
  }
}
