import AlbumServer
import Curl
import Delivery
import Foundation
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
  let choice: AlbumChoice
  let policy: SendingPolicy
  let listen: ListenAddress
  let journal: Journal
  let report: LiveReport
  private let curl: CurlClient
  private let limit: LimitTimetable
  private let logger: Logger

  /// Opens the journal and brings it and the spool together.
  /// - Throws: `Complaint`, `JournalError`.
  init(
    context: Context, albums: [String], policy: SendingPolicy = SendingPolicy(), listen: ListenAddress,
    network: NetworkOptions? = nil
  ) async throws {
    let network = try NetworkSettings(context.settings, options: network)
    self.context = context
    self.policy = policy
    self.listen = listen
    let credentials = try Credentials(
      file: context.home.credentials, environment: context.settings.environment)
    var choice = try AlbumChoice(albums, credentials: credentials)
    logger = context.logger
    journal = try await Journal.open(at: context.home.journal, spool: context.home.spool)
    choice.add(
      leftover: try await journal.backlogs().filter { $0.waiting > 0 }.map(\.album), credentials: credentials)
    self.choice = choice
    curl = try network.client()
    limit = network.limit
    report = LiveReport(console: context.console, journal: journal, albums: choice.albums)
  }

  /// Runs until the source is done, a signal comes or something breaks.
  /// - Parameters:
  ///   - session: the session that adopted originals belong to.
  ///   - source: makes the service that feeds the journal. When it ends, the run ends.
  func run(session: Session? = nil, source: @escaping @Sendable (Stop) -> any Service) async throws {
    let reconciled = try await journal.reconcile(session: session, albums: choice.albums, policy: policy)
    await report.reconciled(reconciled)
    // Starting a run is what a person does about deliveries that wait for one: with the right token, say.
    for album in choice.albums { try await journal.retry(QueueSelection(album: album)) }
    let (ports, port) = AsyncStream<Int>.makeStream()
    var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
    var store: AlbumStore?
    if choice.needsEmbedded {
      let opened = try await AlbumStore.open(context.home.albums.string)
      let address = try listen.free(orAny: listen == .embedded)
      let configuration = try AlbumServerConfiguration(host: address.host, port: address.port) {
        port.yield($0)
      }
      services.append(
        .init(service: AlbumServer(store: opened, configuration: configuration, logger: logger)))
      store = opened
    } else {
      port.yield(0)
    }
    let rendering = RenditionStage(journal: journal, logger: logger) { [report] frame, reason in
      await report.cannotRender(frame, reason: reason)
    }
    services.append(.init(service: rendering, successTerminationBehavior: .ignore))
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigint, .sigterm, .sighup], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(4)
    let group = ServiceGroup(configuration: configuration)
    let embedded = store
    await group.addServiceUnlessShutdown(
      .init(
        service: Opening(
          run: self, ports: ports, store: embedded, group: group, showsCode: session != nil, source: source),
        successTerminationBehavior: .ignore, failureTerminationBehavior: .gracefullyShutdownGroup))
    do {
      try await group.run()
    } catch is CancellationError {
      // The grace was over before all was quiet; what is not delivered is in the journal.
    } catch {
      if let complaint = Complaint(error) {
        await report.emit(.error(code: complaint.status.code, message: complaint.message))
      }
      await report.end()
      throw error
    }
    await report.end()
  }

  /// Ends a run from inside.
  struct Stop: Sendable {
    fileprivate let group: ServiceGroup

    func callAsFunction() async { await group.triggerGracefulShutdown() }
  }

  /// The service that waits for the album server to listen, and then starts what needs to know where.
  private struct Opening: Service {
    let run: LiveRun
    let ports: AsyncStream<Int>
    let store: AlbumStore?
    let group: ServiceGroup
    /// Guests watch a session; what is uploaded from a desk needs no code on the screen.
    let showsCode: Bool
    let source: @Sendable (Stop) -> any Service

    func run() async throws {
      guard let port = await ports.cancelOnGracefulShutdown().first(where: { _ in true }) else { return }
      let targets = try await run.choice.targets(
        store: store, local: run.listen.local(port: port), shown: run.listen.shown(port: port))
      for target in targets { await run.report.albumReady(target, showsCode: showsCode) }
      let deliverer = Deliverer(
        journal: run.journal, destinations: targets.map(\.destination), curl: run.curl, logger: run.logger)
      await add(Delivering(deliverer: deliverer, report: run.report), atSuccess: .ignore)
      await add(LimitKeeper(curl: run.curl, timetable: run.limit), atSuccess: .ignore)
      await add(
        NetworkKeeper(curl: run.curl, deliverer: deliverer, logger: run.logger), atSuccess: .ignore)
      if run.policy.originals.when == .onWifi {
        await add(MeteredKeeper(deliverer: deliverer), atSuccess: .ignore)
      }
      await add(
        OriginalConfirmer(
          journal: run.journal, destinations: targets.map(\.destination), curl: run.curl, logger: run.logger),
        atSuccess: .ignore)
      await add(
        RunNoteKeeper(scoreboard: run.report.scoreboard, path: RunNote.path(beside: run.journal.path)),
        atSuccess: .ignore)
      await add(QueueFollower(journal: run.journal), atSuccess: .ignore)
      await add(LiveView(report: run.report, console: run.context.console), atSuccess: .ignore)
      await add(source(Stop(group: group)), atSuccess: .gracefullyShutdownGroup)
    }

    private func add(
      _ service: any Service,
      atSuccess behaviour: ServiceGroupConfiguration.ServiceConfiguration.TerminationBehavior
    ) async {
      await group.addServiceUnlessShutdown(
        .init(
          service: service, successTerminationBehavior: behaviour,
          failureTerminationBehavior: .gracefullyShutdownGroup))
    }
  }

  /// Notices what a person does with `pixcheese queue` meanwhile.
  private struct QueueFollower: Service {
    let journal: Journal

    func run() async throws {
      await cancelWhenGracefulShutdown { await journal.followOtherWriters() }
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
