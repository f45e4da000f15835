import AlbumServer
import Curl
import Delivery
import Foundation
import Hooks
import Ingest
import Journal
import Logging
import Model
import Renditions
import ServiceLifecycle
import SystemPackage
import UnixSignals

/// One run from sources to albums, wired: the journal in the middle, renditions and deliveries fed by it, and the
/// embedded album server where an album needs it.
///
/// A run is a service group: whatever ends it (a signal, the source being done, a fault) ends all of it in order,
/// within the contract's five seconds.
struct LiveRun: Sendable {
  let context: Context
  private(set) var choice: AlbumChoice
  let policy: SendingPolicy
  let listen: ListenAddress
  let journal: Journal
  let report: LiveReport
  private let credentials: Credentials
  private let publishing: Publishing
  private let hooks: HookPrograms?
  /// The gate before the spool.
  let room: SpoolRoom
  private let keep: SpoolKeep
  private let curl: CurlClient
  private let limit: LimitTimetable
  private let logger: Logger

  /// How long a run may take to end in order: the last words want up to a second of the five that the contract gives.
  static let grace = Duration.milliseconds(3500)

  /// Opens the journal and brings it and the spool together.
  /// - Parameter takesFrames: whether frames come from cameras, and so into the spool.
  /// - Throws: `Complaint`, `JournalError`.
  init(
    context: Context, albums: [String], policy: SendingPolicy = SendingPolicy(), listen: ListenAddress,
    takesFrames: Bool, network: NetworkOptions? = nil, publishing: Publishing = Publishing(),
    hooks: HookPrograms? = nil
  ) async throws {
    let roomPolicy = try RoomKeeper.Policy(context.settings)
    let network = try NetworkSettings(context.settings, options: network)
    self.context = context
    self.policy = policy
    self.hooks = hooks
    self.listen = listen
    credentials = try Credentials(
      file: context.home.credentials, environment: context.settings.environment)
    let accounts = BucketAccounts(context.settings)
    var choice = try AlbumChoice(albums, credentials: credentials, accounts: accounts)
    logger = context.logger
    journal = try await Journal.open(at: context.home.journal, spool: context.home.spool)
    if albums.isEmpty, takesFrames {
      // A party that goes on past midnight stays in its album, however often the program is started again meanwhile.
      let open = try await journal.albumsOfOpenSession()
      if open.count == 1, open != choice.albums, AlbumChoice.isNameOfDay(open[0]) {
        choice = try AlbumChoice(open, credentials: credentials, accounts: accounts)
        context.console.say("Going on with the album \(open[0]): its session was not ended.")
      }
    }
    choice.add(leftover: try await Self.waiting(in: journal), credentials: credentials)
    self.choice = choice
    var publishing = publishing
    publishing.album = choice.albums.first.map(Self.name(of:))
    self.publishing = publishing
    curl = try network.client()
    limit = network.limit
    report = LiveReport(
      console: context.console, journal: journal, albums: choice.albums, takesFrames: takesFrames)
    room = SpoolRoom(spool: journal.spool, reserve: roomPolicy.reserve)
    keep = roomPolicy.keep
    // What comes from cameras must wait from the first word; an upload on a full disk had better say so.
    if takesFrames { waitForRoom() }
  }

  /// The albums for which something waits.
  private static func waiting(in journal: Journal) async throws -> [String] {
    try await journal.backlogs().filter { $0.waiting > 0 }.map(\.album)
  }

  /// What a person calls an album.
  private static func name(of album: String) -> String {
    switch try? Destination(parsing: album) {
    case .embedded(let name): name
    case .albumServer(let url): url.lastPathComponent
    default: album
    }
  }

  /// Runs until the source is done, a signal comes or something breaks.
  /// - Parameters:
  ///   - session: the session that adopted originals belong to.
  ///   - sleep: what is done about this machine's falling asleep; `nil` does nothing.
  ///   - source: makes the service that feeds the journal. When it ends, the run ends.
  func run(
    session: Session? = nil, sleep: SleepCare? = nil, source: @escaping @Sendable (Stop) -> any Service
  ) async throws {
    let rendering = RenditionStage(journal: journal, publishing: publishing, logger: logger) {
      [report] frame, notice in
      await report.tell(notice, of: frame)
    } onWork: { [report] in
      await report.working(on: $0)
    }
    let hooks = hooks.map { programs in
      HookStage(journal: journal, programs: programs, logger: logger) { [report] in
        await report.hookFailed($0)
      }
    }
    try await rendering.prepare()
    // Without hooks nothing is left over for a day when there are some again.
    if let hooks { try await hooks.prepare() } else { try await journal.watchHooks([]) }
    if let hooks { await report.whenCaptured { await hooks.captured($0) } }
    let reconciled = try await journal.reconcile(session: session, albums: choice.albums, policy: policy)
    await report.reconciled(reconciled)
    var run = self
    // What was found in the spool may belong to an album of an earlier session.
    if !reconciled.adopted.isEmpty {
      run.choice.add(leftover: try await Self.waiting(in: journal), credentials: credentials)
    }
    if let session { try await journal.feed(choice.albums, policy: policy, from: session) }
    // Starting a run is what a person does about deliveries that wait for one: with the right token, say.
    for album in choice.albums { try await journal.retry(QueueSelection(album: album)) }
    waitForRoom()
    let (ports, port) = AsyncStream<Int>.makeStream()
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    var store: AlbumStore?
    if run.choice.needsEmbedded {
      let opened = try await AlbumStore.open(context.home.albums.string)
      services.append(
        .init(service: EmbeddedServer(store: opened, listen: listen, logger: logger) { port.yield($0) }))
      store = opened
    } else {
      port.yield(0)
    }
    services.append(.init(service: rendering, successTerminationBehavior: .ignore))
    if let hooks { services.append(.init(service: hooks, successTerminationBehavior: .ignore)) }
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigint, .sigterm, .sighup], logger: logger)
    configuration.maximumGracefulShutdownDuration = Self.grace
    let group = ServiceGroup(configuration: configuration)
    let embedded = store
    await group.addServiceUnlessShutdown(
      .init(
        service: Lasting(
          service: Opening(
            run: run, ports: ports, store: embedded, group: group, hooks: hooks, showsCode: session != nil,
            sleep: sleep, source: source)),
        successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup))
    do {
      try await group.run()
    } catch  where Self.isCancellation(error) {
      // The grace was over before all was quiet; what is not delivered is in the journal.
    } catch  where !journal.waitsForRoom && Self.isForWantOfRoom(error) {
      // The run was to end while the disk was full: what could not be written down is found by the next one.
    } catch {
      await report.end()
      throw error
    }
    await report.end()
  }

  /// The link that a bucket album says it has; `nil` where it does not say so at once.
  private func page(of bucket: BucketDestination) async -> URL? {
    await withTaskGroup(of: URL?.self) { group in
      group.addTask {
        // Without an answer there is the address by which we write, and the deliveries will say what is wrong.
        let album = try? await BucketAlbums(bucket, curl: self.curl).album()
        return album.flatMap { URL(string: $0.url) }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(3))
        return nil
      }
      defer { group.cancelAll() }
      return await group.next() ?? nil
    }
  }

  /// From now on a full disk makes the journal wait instead of ending the run.
  private func waitForRoom() {
    let console = context.console
    journal.waitForRoom { isWaiting in
      LiveReport.warn(
        isWaiting ? "room.journal" : "room.back",
        isWaiting
          ? "The disk is full to the last: the journal cannot be written, and everything waits. Nothing is lost. "
            + "Make room, and it goes on by itself."
          : "There is room for the journal again: it goes on.", on: console)
    }
  }

  private static func isCancellation(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError: true
    case let error as JournalError: error.isCancellation
    case let error as TetherError: error.underlying.map(isCancellation) ?? false
    default: false
    }
  }

  /// Whether the disk was too full for the journal.
  private static func isForWantOfRoom(_ error: any Error) -> Bool {
    switch error {
    case let error as JournalError: error.code == .full
    case let error as TetherError: error.underlying.map(isForWantOfRoom) ?? false
    default: false
    }
  }

  /// What is done about this machine's falling asleep.
  struct SleepCare: Sendable {
    /// Whether it is kept awake while frames are under way.
    let inhibits: Bool
    /// Told when it woke, beside the deliveries.
    let onWake: @Sendable () -> Void
  }

  /// Ends a run from inside.
  struct Stop: Sendable {
    fileprivate let group: ServiceGroup
    fileprivate let hooks: HookStage?

    /// Ends the run when the programs that are due have been run, and what was said is written.
    func callAsFunction() async {
      await hooks?.settle()
      await Console.doneUnlessShutdown()
      await group.triggerGracefulShutdown()
    }
  }

  /// The service that waits for the album server to listen, and then starts what needs to know where.
  private struct Opening: Service {
    let run: LiveRun
    let ports: AsyncStream<Int>
    let store: AlbumStore?
    let group: ServiceGroup
    let hooks: HookStage?
    /// Guests watch a session; what is uploaded from a desk needs no code on the screen.
    let showsCode: Bool
    let sleep: SleepCare?
    let source: @Sendable (Stop) -> any Service

    func run() async throws {
      guard let port = await ports.cancelOnGracefulShutdown().first(where: { _ in true }) else { return }
      let targets = try await run.choice.targets(
        store: store, local: run.listen.local(port: port), shown: run.listen.shown(port: port))
      for target in targets {
        if case .bucket = target.destination.place {
          await run.report.scoreboard.album(target.album, page: target.page)
        } else {
          await run.report.albumReady(target, showsCode: showsCode)
        }
      }
      let deliverer = Deliverer(
        journal: run.journal, destinations: targets.map(\.destination), curl: run.curl, logger: run.logger)
      await add(Delivering(deliverer: deliverer, report: run.report))
      await add(LimitKeeper(curl: run.curl, timetable: run.limit))
      await add(
        NetworkKeeper(curl: run.curl, deliverer: deliverer, logger: run.logger))
      if let sleep {
        let keeper = SleepKeeper(
          lastMovement: { await run.report.lastProgress }, inhibits: sleep.inhibits, logger: run.logger,
          onWake: {
            sleep.onWake()
            run.curl.networkChanged()
            await deliverer.nudge()
          })
        await add(keeper)
      }
      if run.policy.originals.when == .onWifi {
        await add(MeteredKeeper(deliverer: deliverer))
      }
      await add(
        OriginalConfirmer(
          journal: run.journal, destinations: targets.map(\.destination), curl: run.curl, logger: run.logger))
      await add(
        RunNoteKeeper(path: RunNote.path(beside: run.journal.path)) { [report = run.report] in
          RunNote(await report.scoreboard.snapshot, warnings: await report.warnings)
        })
      await add(QueueFollower(journal: run.journal))
      await add(LiveView(report: run.report, console: run.context.console))
      await add(source: Feeding(source: source(Stop(group: group, hooks: hooks)), hooks: hooks))
      // The last is the first to end: whatever waits for room then ends too, instead of using up the grace.
      await add(
        RoomKeeper(
          room: run.room, keep: run.keep, journal: run.journal, report: run.report, deliverer: deliverer))
      await cancelWhenGracefulShutdown { await tellBuckets(targets) }
    }

    /// Says where the bucket albums are shown. They are asked for that while everything else is at work: a store that
    /// is slow, or away, delays nothing.
    private func tellBuckets(_ targets: [AlbumTarget]) async {
      for var target in targets {
        guard case .bucket(let bucket) = target.destination.place else { continue }
        target.page = await run.page(of: bucket) ?? target.page
        await run.report.albumReady(target, showsCode: showsCode)
      }
    }

    private func add(_ service: any Service) async {
      await group.addServiceUnlessShutdown(
        .init(
          service: Lasting(service: service), successTerminationBehavior: .ignore,
          failureTerminationBehavior: .gracefullyShutdownGroup))
    }

    /// The one service whose end is the end of the run.
    private func add(source: Feeding) async {
      await group.addServiceUnlessShutdown(
        .init(
          service: source, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup))
    }
  }

  /// A service that may be done before the run is: until then it only waits. One that ended in the middle of the others'
  /// shutting down would be taken for one that failed.
  private struct Lasting: Service {
    let service: any Service

    func run() async throws {
      try await service.run()
      // Cancelled is as good as asked.
      try? await gracefulShutdown()
    }
  }

  /// Notices what a person does with `pixcheese queue` meanwhile.
  private struct QueueFollower: Service {
    let journal: Journal

    func run() async throws {
      await cancelWhenGracefulShutdown { await journal.followOtherWriters() }
    }
  }

  /// The source; when it is done, the programs that are due for its frames are run, and what was said is written, before
  /// the run ends.
  private struct Feeding: Service {
    let source: any Service
    let hooks: HookStage?

    func run() async throws {
      try await source.run()
      await hooks?.settle()
      await Console.doneUnlessShutdown()
    }
  }

  /// The deliverer and who tells of it: one service, since the one ends by itself when the other does.
  private struct Delivering: Service {
    let deliverer: Deliverer
    let report: LiveReport

    func run() async throws {
      async let delivering: Void = deliverer.run()
      for await event in deliverer.events { try await report.tell(event) }
      await delivering
    }
  }
}

extension Console {
  /// `done`, unless a signal has ended the run, or does meanwhile.
  fileprivate static func doneUnlessShutdown() async {
    guard !Task.isShuttingDownGracefully else { return }
    await cancelWhenGracefulShutdown { await done() }
  }
}
