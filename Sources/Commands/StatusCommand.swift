import ArgumentParser
import Ingest
import Journal
import Model
import SystemPackage

/// `pixcheese status`: what waits, for whom, and why; also of a service running in the background.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "What is safe, what waits, and why.",
    discussion: """
      Reads the journal, also while another pixcheese (or the service) is at work with it.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  func run() async throws {
    try await run(in: try options.context())
  }

  /// The answer, one value for the table and for `--json`.
  struct Answer: Encodable, Sendable {
    struct Album: Encodable, Sendable {
      let album: String
      let waiting: Int
      let bytes: Int64
      let parked: Int
      /// Originals that are kept back: pixcheese queue list --held.
      let held: Int
      /// Frames whose preview is in the album, and frames whose original is.
      let viewable: Int
      let delivered: Int
      let reason: String?
      /// How fast its bytes go now; `nil` where no run feeds it.
      let bytesPerSecond: Int64?

      enum CodingKeys: String, CodingKey {
        case album, waiting, bytes, parked, held, viewable, delivered, reason
        case bytesPerSecond = "bytes_per_second"
      }
    }
    let journal: String
    /// Whether a pixcheese is at work with the journal now.
    let running: Bool
    let frames: Int
    let toRender: Int
    /// The cameras of the run that is at work.
    let cameras: [RunNote.Camera]
    /// The room on the disk with the spool, as that run measures it.
    let room: RunNote.Room?
    /// Frames that cameras announced and that are not safe yet.
    let toFetch: Int
    /// That run's last warnings.
    let warnings: [RunNote.Warning]
    let albums: [Album]

    enum CodingKeys: String, CodingKey {
      case journal, running, frames
      case toRender = "to_render"
      case cameras, room, warnings, albums
      case toFetch = "to_fetch"
    }
  }

  func run(in context: Context) async throws {
    guard let journal = try await Journal.openForReading(at: context.home.journal, spool: context.home.spool)
    else {
      throw Complaint(
        .noInput,
        "There is no journal at \(context.home.journal) yet: nothing was ever taken or sent from here.")
    }
    let counts = try await journal.frameCounts()
    let arrivals = try await journal.arrivals()
    let isRunning = JournalLock.isHeld(beside: journal.path)
    let note = isRunning ? RunNote.read(beside: journal.path) : nil
    let answer = Answer(
      journal: journal.path.string, running: isRunning, frames: counts.safe, toRender: counts.toRender,
      cameras: note?.cameras ?? [], room: note?.room, toFetch: note?.toFetch ?? 0,
      warnings: note?.warnings ?? [],
      albums: try await journal.backlogs().map {
        Answer.Album(
          album: $0.album, waiting: $0.waiting, bytes: $0.waitingBytes, parked: $0.parked, held: $0.held,
          viewable: arrivals[$0.album]?.viewable ?? 0, delivered: arrivals[$0.album]?.delivered ?? 0,
          reason: $0.reason, bytesPerSecond: speed(of: $0.album, in: note))
      })
    context.console.emit(answer)
    context.console.answer(Self.text(answer))
  }

  private static func words(for room: RunNote.Room) -> String {
    let free = "\(Text.bytes(room.free)) free on its disk"
    if room.journalWaits { return "\(free): full, and everything waits until there is room." }
    return switch room.level {
    case .plenty: "\(free)."
    case .low: "\(free), \(Text.bytes(room.forFrames)) of it for new frames: make room."
    case .none: "\(free): too little for new frames, which wait on the card. Make room."
    }
  }

  private func speed(of album: String, in note: RunNote?) -> Int64? {
    note?.albums.first { $0.album == album }?.bytesPerSecond
  }

  static func text(_ answer: Answer) -> String {
    var lines = [
      "\(Text.count(answer.frames, "frame")) safe in \(answer.journal)"
        + (answer.toRender > 0 ? ", \(answer.toRender) to render" : ""),
      answer.running ? "A pixcheese is at work with it now." : "No pixcheese is at work with it now.",
    ]
    for camera in answer.cameras {
      let facts = [
        camera.lost.map(Text.harmless) ?? "connected at \(Text.harmless(camera.port))",
        camera.battery.map { "battery \(Text.harmless($0))" },
        camera.framesLeft.map { "\(Text.count($0, "frame")) left" },
        camera.free.map { "\(Text.bytes($0)) free" },
        camera.clockOffset.flatMap { $0 == 0 ? nil : "clock \(ClockText.duration($0))" },
      ].compactMap { $0 }
      lines.append("\(Text.harmless(camera.model)): " + facts.joined(separator: ", "))
    }
    if let room = answer.room { lines.append(words(for: room)) }
    if answer.toFetch > 0 {
      lines.append("\(Text.count(answer.toFetch, "frame")) announced and not safe yet.")
    }
    for warning in answer.warnings {
      lines.append("Warning at \(warning.time): \(Text.harmless(warning.message))")
    }
    if !answer.albums.isEmpty {
      lines.append("")
      lines.append(
        Text.table(
          [["ALBUM", "VIEWABLE", "DELIVERED", "WAITING", "BYTES", "SPEED", "PARKED", "HELD", "WHY"]]
            + answer.albums.map {
              [
                Text.harmless($0.album), String($0.viewable), String($0.delivered), String($0.waiting),
                Text.bytes($0.bytes), $0.bytesPerSecond.map { "\(Text.bytes($0))/s" } ?? "",
                String($0.parked), String($0.held), Text.harmless($0.reason ?? ""),
              ]
            }))
    }
    if answer.albums.contains(where: { $0.waiting + $0.parked > 0 }) {
      lines.append("")
      lines.append(
        "WAITING and PARKED count deliveries, a frame's thumbnail, preview and original each: pixcheese queue"
      )
    }
    return lines.joined(separator: "\n")
  }
}
