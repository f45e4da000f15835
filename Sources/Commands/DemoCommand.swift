import ArgumentParser
import Blocking
import CameraSimulator
import Foundation
import Ingest
import Journal
import ServiceLifecycle
import SystemPackage

/// `pixcheese demo`: all of it on this machine.
struct DemoCommand: LastingCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "All of it on this machine: a camera, an album, the live page.",
    discussion: """
      Uses a camera that is plugged in; without one, a simulated camera takes a picture every few seconds. Everything \
      goes into a temporary folder that is removed at the end. Nothing on a card is changed; as tether does, it asks the \
      camera to save to its card. Ctrl-C ends it.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(help: ArgumentHelp("Seconds between two simulated pictures.", valueName: "seconds"))
  var every: Double?

  @Option(help: ArgumentHelp("End when so many frames are delivered.", valueName: "n"))
  var frames: Int?

  @Flag(inversion: .prefixedNo, help: "Let phones in the room watch: listen on all interfaces.")
  var lan: Bool?

  @Option(help: ArgumentHelp("Where the album listens (127.0.0.1:7420).", valueName: "host:port"))
  var listen: String?

  func run() async throws {
    try await options.run { try await run(with: $0) }
  }

  private func run(with context: Context) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pixcheese-demo-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Complaint(.cannotCreate, "\(folder.path) cannot be made: \(error.localizedDescription)")
    }
    defer { remove(folder) }
    // What is set counts here too, but everything goes into the temporary folder.
    let home = try Home(option: folder.path, environment: context.settings.environment)
    try await run(in: Context(home: home, settings: context.settings, console: context.console))
  }

  private func remove(_ folder: URL) {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      Console(isJSON: false, loudness: .quiet, environment: [:])
        .complain("pixcheese: \(folder.path) could not be removed; it can be deleted.")
    }
  }

  private func run(in context: Context) async throws {
    let console = context.console
    let (every, frames, lan) = try wishes(in: context.settings)
    let plugged = try await pluggedIn()
    var simulator: SimulatedCamera?
    if let plugged {
      console.say("Found \(Text.harmless(plugged.model ?? "a camera")). Take a picture.")
    } else {
      console.say(
        "No camera is plugged in: a simulated one takes a picture every \(Self.text(every)) seconds.")
      simulator = try await Self.switchedOn()
    }
    let selection: CameraSelection
    if let simulator {
      selection = try CameraSelection(parsing: "ptpip:127.0.0.1:\(simulator.port)")
    } else {
      selection = .auto
    }
    let address =
      try context.settings.value(
        "demo.listen", option: listen, needed: ListenAddress.needed, ListenAddress.init)
      ?? (lan ? ListenAddress(host: "0.0.0.0", port: ListenAddress.embedded.port) : .embedded)
    let live = try await LiveRun(
      context: context, albums: ["PixCheese demo"], listen: address, takesFrames: true)
    let session = try await live.journal.beginSession(
      albums: live.choice.albums, policy: live.policy)
    let tether = Tether(
      Tether.Configuration(
        cameras: [selection], catchUp: .session, albums: live.choice.albums,
        room: live.room),
      journal: live.journal, session: session, logger: context.logger)
    let shooting = simulator.map { Shooting(camera: $0, every: .seconds(every)) }
    console.say("Open the link, or scan the code with a phone\(lan ? "" : " (with --lan)"). Ctrl-C ends it.")
    try await live.run(session: session) { stop in
      DemoSource(
        tether: TetherSource(tether: tether, report: live.report, frames: frames, stop: stop),
        shooting: shooting)
    }
    await simulator?.switchOff()
    let snapshot = await live.report.scoreboard.snapshot
    console.say(
      "\(Text.count(snapshot.delivered, "frame")) went all the way. That was the demo; with your camera: pixcheese tether"
    )
  }

  /// The options, the variables, the file: the nearer wins.
  /// - Throws: `Complaint` (64, 78).
  private func wishes(
    in settings: Settings
  ) throws(Complaint) -> (every: Double, frames: Int?, lan: Bool) {
    let every = try settings.value(
      "demo.every", option: self.every.map(Self.text), needed: "seconds from 0.1 to 3600 are needed."
    ) { Double($0).flatMap { (0.1...3600).contains($0) ? $0 : nil } }
    let frames = try settings.number("demo.frames", option: self.frames)
    if let frames, frames < 1 {
      throw settings.refusal(
        of: "demo.frames", isOption: self.frames != nil, value: String(frames), "at least 1 is needed.")
    }
    return (every ?? 4, frames, try settings.flag("demo.lan", option: self.lan))
  }

  /// A usable camera on USB, if there is one.
  private func pluggedIn() async throws -> CameraSurvey.Finding? {
    do {
      return try await CameraSurvey().findings(for: [.auto]).first { $0.problem == nil }
    } catch {
      // A machine without USB at all, a container say: the simulated camera needs none.
      return nil
    }
  }

  private static func text(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }

  /// Switching on binds a socket and reads no pictures: short, but off the cooperative pool all the same.
  private static func switchedOn() async throws -> SimulatedCamera {
    try await offload { try SimulatedCamera(CameraConfiguration()) }
  }
}

/// Presses the simulated camera's button again and again.
private struct Shooting: Service {
  let camera: SimulatedCamera
  let every: Duration

  func run() async throws {
    try await cancelWhenGracefulShutdown {
      do {
        // Frames count from when the tether is there: before, they would be what was on the card already.
        while !camera.hasSession { try await Task.sleep(for: .milliseconds(50)) }
        while true {
          try await Task.sleep(for: every)
          _ = try await camera.shoot()
        }
      } catch is CancellationError {
        return
      }
    }
  }
}

/// The tether of a demo and, where the camera is simulated, who presses its button.
private struct DemoSource: Service {
  let tether: TetherSource
  let shooting: Shooting?

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      if let shooting { group.addTask { try await shooting.run() } }
      try await tether.run()
      group.cancelAll()
    }
  }
}

extension SimulatedCamera {
  /// `stop()` waits for its threads: off the cooperative pool.
  fileprivate func switchOff() async {
    await offload { self.stop() }
  }
}
