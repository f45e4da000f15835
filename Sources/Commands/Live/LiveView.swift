import Delivery
import Foundation
import Ingest
import Model
import ServiceLifecycle

/// The live status of a run at the bottom of the terminal, drawn a few times a second; nothing without a terminal.
struct LiveView: Service {
  let report: LiveReport
  let console: Console

  private static let pause = Duration.milliseconds(250)

  func run() async throws {
    guard console.isInteractive else { return try await gracefulShutdown() }
    let started = ContinuousClock.now
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let snapshot = await report.scoreboard.snapshot
        console.show(lines(of: snapshot, after: .now - started, width: console.width))
        do {
          try await Task.sleep(for: Self.pause)
        } catch {
          return
        }
      }
    }
    console.clear()
  }

  func lines(of snapshot: Scoreboard.Snapshot, after elapsed: Duration, width: Int) -> [String] {
    var lines = [""]
    for (_, camera) in snapshot.cameras {
      if let lost = camera.lost {
        lines.append(
          "\(console.red("○")) \(console.bold(Text.harmless(camera.model)))  \(Text.harmless(lost))")
      } else {
        let ready = camera.readyAfter.map { "ready in \(Text.seconds($0))" }
        let facts = Self.facts(of: camera) + [camera.port] + [ready].compactMap { $0 }
        lines.append(
          "\(console.green("●")) \(console.bold(Text.harmless(camera.model)))  "
            + console.dimmed(facts.joined(separator: " · ")))
      }
    }
    if let upload = snapshot.upload {
      lines.append("  " + Self.progress(of: upload, after: elapsed))
    }
    lines.append(
      "  \(console.bold(String(snapshot.safe))) safe (\(Text.bytes(snapshot.safeBytes)))"
        + (snapshot.captured > snapshot.safe ? " · \(snapshot.captured - snapshot.safe) being fetched" : "")
        + (snapshot.parked > 0
          ? " · " + console.yellow("\(snapshot.parked) wait for you: pixcheese queue") : "")
        + console.dimmed(" · \(Self.clock(elapsed))"))
    if let room = snapshot.room, let words = Self.words(for: room) {
      lines.append("  \(console.yellow(words))")
    }
    for (album, state) in snapshot.albums {
      var figures = ": \(state.viewable) viewable · \(state.delivered) delivered"
      if let milliseconds = state.milliseconds { figures += " · last in \(milliseconds) ms" }
      if state.bytesPerSecond > 0 { figures += " · \(Text.bytes(state.bytesPerSecond))/s" }
      // The figures are what is looked for: a long name gives way to them.
      let room = max(8, width - 5 - Text.columns(of: figures))
      lines.append("  → \(Console.cut(Text.harmless(album), to: room))\(figures)")
      lines += waits(state.standing)
    }
    for (_, frame) in snapshot.recent {
      let mark =
        frame.isDelivered ? console.green("✓ delivered") : frame.isViewable ? "◐ viewable " : "· safe     "
      lines.append("    \(mark)  \(frame.name)  \(console.dimmed(Text.bytes(frame.bytes)))")
    }
    return lines
  }

  /// What holds an album's deliveries up, each with what to do.
  private func waits(_ standing: DestinationStanding, now: Date = Date()) -> [String] {
    var waits: [(what: String, words: WaitingWords)] = []
    if let rest = standing.rest { waits.append(("waits:", WaitingWords(rest, now: now))) }
    if let showing = standing.showing, showing.reason != standing.rest?.reason {
      waits.append(("waits to be shown:", WaitingWords(showing, now: now)))
    }
    if let held = standing.heldOriginals {
      var words = WaitingWords(DestinationStanding.Pause(held, until: nil), now: now)
      words.nextTryAt = nil
      waits.append(("originals wait:", words))
    }
    return waits.flatMap { what, words in
      let next = words.nextTryAt.map { " · next try \(Text.wait(until: $0, from: now))" } ?? ""
      return [
        "    \(console.yellow(what)) \(Text.harmless(words.reason))\(next)",
        "      \(console.dimmed(words.remedy))",
      ]
    }
  }

  /// What a photographer looks for: `battery 80%`, `312 frames left`, `60 GB free`, `clock 0:07 ahead`.
  static func facts(of camera: Scoreboard.Camera) -> [String] {
    [
      camera.battery.map { "battery \(Text.harmless($0))" },
      camera.framesLeft.map { "\(Text.count($0, "frame")) left" },
      camera.free.map { "\(Text.bytes($0)) free" },
      camera.clockOffset.flatMap { $0 == 0 ? nil : "clock \(ClockText.duration($0))" },
    ].compactMap { $0 }
  }

  /// What is to be said of the disk; nothing while there is plenty of room.
  static func words(for room: Scoreboard.Room) -> String? {
    if room.isJournalWaiting { return "disk full: everything waits until there is room" }
    return switch room.level {
    case .plenty: nil
    case .low: "disk: \(Text.bytes(room.forOriginals)) left for new frames"
    case .none: "disk full: new frames wait on the card"
    }
  }

  /// `█████░░░░░  50% · 412 of 1000 photos · about 2 min`: the bar counts bytes of everything, renditions too.
  static func progress(of upload: Scoreboard.Upload, after elapsed: Duration) -> String {
    let expected = max(1, upload.expected)
    let done = min(upload.done, expected)
    let share = upload.share
    let columns = 20
    let filled = Int(Double(columns) * share)
    var text = String(repeating: "█", count: filled) + String(repeating: "░", count: columns - filled)
    text += " \(Int(100 * share))% · \(done) of \(Text.count(expected, "photo"))"
    // The first bytes say little yet.
    if elapsed > .seconds(5), (0.02..<1).contains(share) {
      let seconds = Double(elapsed.components.seconds) * (1 - share) / share
      text += " · about \(Text.duration(seconds: Int(seconds)))"
    }
    return text
  }

  /// `1:02:03`
  static func clock(_ elapsed: Duration) -> String {
    let seconds = elapsed.components.seconds
    return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }
}
