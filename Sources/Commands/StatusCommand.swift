import ArgumentParser
import Foundation
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
      /// Why they wait: what failed last is first.
      let waits: [StatusWait]
      /// How fast its bytes go now; `nil` where no run feeds it.
      let bytesPerSecond: Int64?

      enum CodingKeys: String, CodingKey {
        case album, waiting, bytes, parked, held, viewable, delivered, reason, waits
        case bytesPerSecond = "bytes_per_second"
      }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(album, forKey: .album)
        try container.encode(waiting, forKey: .waiting)
        try container.encode(bytes, forKey: .bytes)
        try container.encode(parked, forKey: .parked)
        try container.encode(held, forKey: .held)
        try container.encode(viewable, forKey: .viewable)
        try container.encode(delivered, forKey: .delivered)
        try container.encodeIfPresent(waits.first?.words.reason, forKey: .reason)
        try container.encode(waits, forKey: .waits)
        try container.encodeIfPresent(bytesPerSecond, forKey: .bytesPerSecond)
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
    let answer = try await Self.answer(in: context, from: journal)
    context.console.emit(answer)
    context.console.answer(Self.text(answer, width: context.console.answerWidth))
  }

  static func answer(
    in context: Context, from journal: Journal, now: Date = Date()
  ) async throws -> Answer {
    let counts = try await journal.frameCounts()
    let arrivals = try await journal.arrivals()
    let sender = try Sender(of: journal, in: context)
    let note = sender.note
    let waits = StatusWait.byAlbum(try await journal.waitingDeliveries(), sender: sender, now: now)
    return Answer(
      journal: journal.path.string, running: sender.isRunning, frames: counts.safe, toRender: counts.toRender,
      cameras: note?.cameras ?? [], room: note?.room, toFetch: note?.toFetch ?? 0,
      warnings: note?.warnings ?? [],
      albums: try await journal.backlogs().map {
        Answer.Album(
          album: $0.album, waiting: $0.waiting, bytes: $0.waitingBytes, parked: $0.parked, held: $0.held,
          viewable: arrivals[$0.album]?.viewable ?? 0, delivered: arrivals[$0.album]?.delivered ?? 0,
          waits: waits[$0.album] ?? [], bytesPerSecond: Self.speed(of: $0.album, in: note))
      })
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

  private static func speed(of album: String, in note: RunNote?) -> Int64? {
    note?.albums.first { $0.album == album }?.bytesPerSecond
  }

  /// - Parameter width: the terminal's columns; `nil` where there is none.
  static func text(_ answer: Answer, width: Int?, now: Date = Date()) -> String {
    var lines = [
      "\(Text.count(answer.frames, "frame")) safe in \(answer.journal)"
        + (answer.toRender > 0 ? ", \(answer.toRender) to render" : ""),
      answer.running
        ? "A pixcheese is at work with it now." : "No pixcheese is at work with it now: nobody is sending.",
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
          [["ALBUM", "VIEWABLE", "DELIVERED", "WAITING", "BYTES", "SPEED", "PARKED", "HELD"]]
            + answer.albums.map {
              [
                Text.harmless($0.album), String($0.viewable), String($0.delivered), String($0.waiting),
                Text.bytes($0.bytes), $0.bytesPerSecond.map { "\(Text.bytes($0))/s" } ?? "",
                String($0.parked), String($0.held),
              ]
            }, cutting: 0, to: width))
    }
    for album in answer.albums where !album.waits.isEmpty {
      lines.append("")
      for wait in album.waits {
        lines += Text.wrapped("\(Text.harmless(album.album)): \(wait.text(now: now))", to: width)
      }
    }
    if answer.albums.contains(where: { $0.waiting + $0.parked > 0 }) {
      lines.append("")
      lines += Text.wrapped(
        "WAITING and PARKED count deliveries, a frame's thumbnail, preview and original each: pixcheese queue",
        to: width)
    }
    return lines.joined(separator: "\n")
  }
}
