import ArgumentParser
import Foundation
import Ingest
import Journal
import Model
import Renditions
import ServiceLifecycle
import SystemPackage

/// `pixcheese tether`: watch cameras until stopped; every new frame goes to the albums.
struct TetherCommand: LastingCommand {
  static let configuration = CommandConfiguration(
    commandName: "tether", abstract: "Watch cameras; every new frame goes to the albums at once.",
    discussion: """
      Plug a camera in before or after. Each frame is written to this machine's disk first: from then on it cannot be \
      lost, and it goes to the album as the network allows, small renditions first. Ctrl-C ends it; what is not \
      delivered yet is kept and goes on with the next run.

      With nothing configured the album is this machine's own, named by today's date, or that of a session that is \
      still open; --lan lets guests in the room watch it.

      \(ExitStatus.table)
      """)

  @OptionGroup(title: "Cameras") var camera: CameraOptions
  @OptionGroup(title: "Album") var album: AlbumOptions
  @OptionGroup(title: "Before it is published") var publish: PublishOptions
  @OptionGroup(title: "Hooks") var hooks: HookOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup var options: GlobalOptions

  @Option(help: ArgumentHelp("End when so many frames are delivered everywhere.", valueName: "n"))
  var frames: Int?

  @Flag(
    inversion: .prefixedNo,
    help: "Let guests in the room watch this machine's own album: listen on all interfaces.")
  var lan: Bool?

  @Flag(
    inversion: .prefixedNo,
    help: "Keep this machine from falling asleep while frames are under way (it does unless told otherwise).")
  var inhibitSleep: Bool?

  func run() async throws {
    try await options.run { try await run(in: $0) }
  }

  func run(in context: Context) async throws {
    let settings = context.settings
    let cameras = try CameraOptions.selections(camera.camera, in: settings)
    let catchUp = try camera.catchUp(in: settings)
    let policy = try album.sending.policy(in: settings)
    let isOpen = try settings.flag("tether.lan", option: lan)
    let address =
      try album.address("tether.listen", in: settings)
      ?? (isOpen ? ListenAddress(host: "0.0.0.0", port: ListenAddress.embedded.port) : .embedded)
    let isOption = frames != nil
    let frames = try settings.number("tether.frames", option: frames)
    if let frames, frames < 1 {
      throw settings.refusal(
        of: "tether.frames", isOption: isOption, value: String(frames), "at least 1 is needed.")
    }

    let care = try camera.care(in: settings)
    let limits = try camera.limits(in: settings)
    let inhibits = try settings.flag("tether.inhibit_sleep", option: inhibitSleep, otherwise: true)
    let publishing = try publish.publishing(in: settings)
    let live = try await LiveRun(
      context: context, albums: try AlbumOptions.albums(album.album, in: settings), policy: policy,
      listen: address,
      takesFrames: true, network: network, publishing: publishing,
      hooks: try hooks.programs(in: settings))
    if care.deletesDelivered {
      for album in live.choice.albums {
        switch try? Destination(parsing: album) {
        case .tus, .bucket:
          await live.report.warn(
            "cannot_confirm",
            "\(Text.harmless(album)) cannot say what it holds: nothing that goes there is deleted on a card.")
        case .embedded, .albumServer, nil: break
        }
      }
      if publishing.changesOriginals {
        await live.report.warn(
          "cannot_confirm",
          "What goes to an album as a changed copy stays on the card: the album does not hold the camera's own bytes."
        )
      }
    }
    let session = try await live.journal.beginSession(
      albums: live.choice.albums, policy: live.policy)
    if session.abandoned > 0 {
      context.console.complain(
        "\(Text.count(session.abandoned, "frame")) of an earlier session were announced and never fetched: on the card. "
          + "--catch-up all fetches what is there.")
    }
    let tether = Tether(
      Tether.Configuration(
        cameras: cameras, catchUp: catchUp, albums: live.choice.albums,
        policy: policy, room: live.room, limits: limits, care: care,
        takesOver: try settings.flag("tether.take_over", option: camera.takeOver)),
      journal: live.journal, session: session, logger: context.logger)
    for case .port(let port) in cameras { context.console.say("Connecting to the camera at \(port).") }
    if cameras.contains(.auto) {
      context.console.say("Watching for cameras on USB. Plug one in and switch it on.")
    }
    let sleep = LiveRun.SleepCare(inhibits: inhibits) { tether.retry() }
    try await live.run(session: session, sleep: sleep) { stop in
      TetherSource(tether: tether, report: live.report, frames: frames, stop: stop)
    }
    if tether.setAside > 0 {
      context.console.say(
        "\(Text.count(tether.setAside, "frame")) known and not found: deleted in the camera, or on another card. The next run "
          + "for this album, within 12 hours, fetches what it finds of them.")
    }
    if tether.isSessionComplete {
      do {
        try await live.journal.end(session)
      } catch {
        // Without room the next run goes on with this session, and catches up with what was shot meanwhile.
        guard error.code == .full else { throw error }
      }
    } else {
      if tether.unfetched > 0 {
        context.console.say(
          "\(Text.count(tether.unfetched, "frame")) known and not fetched: the next run for this album, within 12 hours, "
            + "fetches what is on the card that it finds."
        )
      }
      for camera in tether.away.sorted() {
        context.console.say(
          "\(Text.harmless(camera)) was not connected at the end: the next run for this album, within 12 hours, "
            + "fetches what it shoots meanwhile.")
      }
    }
    try await Self.sayFarewell(live)
  }

  private static func sayFarewell(_ live: LiveRun) async throws {
    let console = live.context.console
    let snapshot = await live.report.scoreboard.snapshot
    let waiting = try await live.journal.backlogs().reduce(into: (count: 0, bytes: Int64(0))) {
      sum, backlog in
      sum.count += backlog.waiting + backlog.parked
      sum.bytes += backlog.waitingBytes
    }
    let kept = try await live.journal.keptBack(from: live.choice.albums).count
    if kept > 0 {
      console.say("\(Text.count(kept, "frame")) kept and not sent. To send some: pixcheese queue send")
    }
    console.say(
      "\(Text.count(snapshot.safe, "frame")) made safe, \(snapshot.delivered) delivered everywhere."
        + (waiting.count > 0
          ? " \(Text.count(waiting.count, "delivery", "deliveries")) (\(Text.bytes(waiting.bytes))) kept for the next run."
          : ""))
  }
}

/// Runs the tether and tells what it says, until it is stopped or enough frames are delivered.
struct TetherSource: Service {
  let tether: Tether
  let report: LiveReport
  /// End after so many.
  let frames: Int?
  let stop: LiveRun.Stop

  func run() async throws {
    if let frames {
      let stop = stop
      await report.whenDelivered { count in
        if count >= frames { await stop() }
      }
    }
    ServiceNotice.send("READY=1")
    async let telling: Void = tell()
    do {
      try await tether.run()
    } catch {
      await telling
      throw error
    }
    ServiceNotice.send("STOPPING=1")
    await telling
  }

  private func tell() async {
    for await event in tether.events { await report.tell(event) }
  }
}
