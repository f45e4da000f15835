import Foundation
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
        console.show(lines(of: snapshot, after: .now - started))
        do {
          try await Task.sleep(for: Self.pause)
        } catch {
          return
        }
      }
    }
    console.clear()
  }

  func lines(of snapshot: Scoreboard.Snapshot, after elapsed: Duration) -> [String] {
    var lines = [""]
    for (_, camera) in snapshot.cameras {
      if let lost = camera.lost {
        lines.append(
          "\(console.red("○")) \(console.bold(Text.harmless(camera.model)))  \(Text.harmless(lost))")
      } else {
        let facts = [
          camera.battery.map { "battery \(Text.harmless($0))" }, camera.free.map { "\(Text.bytes($0)) free" },
          camera.port,
        ].compactMap { $0 }
        lines.append(
          "\(console.green("●")) \(console.bold(Text.harmless(camera.model)))  "
            + console.dimmed(facts.joined(separator: " · ")))
      }
    }
    lines.append(
      "  \(console.bold(String(snapshot.safe))) safe (\(Text.bytes(snapshot.safeBytes)))"
        + (snapshot.captured > snapshot.safe ? " · \(snapshot.captured - snapshot.safe) being fetched" : "")
        + (snapshot.parked > 0
          ? " · " + console.yellow("\(snapshot.parked) wait for you: pixcheese queue") : "")
        + console.dimmed(" · \(Self.clock(elapsed))"))
    if let expected = snapshot.expected {
      lines.append("  " + Self.bar(snapshot.delivered, of: expected) + " delivered")
    }
    for (album, state) in snapshot.albums {
      var line = "  → \(Text.harmless(album)): \(state.viewable) viewable · \(state.delivered) delivered"
      if let milliseconds = state.milliseconds { line += " · last in \(milliseconds) ms" }
      if state.bytesPerSecond > 0 { line += " · \(Text.bytes(state.bytesPerSecond))/s" }
      lines.append(line)
      if let waiting = state.waiting { lines.append("    \(console.yellow("waits:")) \(waiting)") }
    }
    for (_, frame) in snapshot.recent {
      let mark =
        frame.isDelivered ? console.green("✓ delivered") : frame.isViewable ? "◐ viewable " : "· safe     "
      lines.append("    \(mark)  \(frame.name)  \(console.dimmed(Text.bytes(frame.bytes)))")
    }
    return lines
  }

  /// `█████░░░░░  5 of 10`
  static func bar(_ done: Int, of all: Int, width: Int = 30) -> String {
    let filled = all > 0 ? min(width, max(0, done * width / all)) : width
    return String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      + "  \(done) of \(all)"
  }

  /// `1:02:03`
  static func clock(_ elapsed: Duration) -> String {
    let seconds = elapsed.components.seconds
    return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }
}
