import Foundation
import Glibc
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
import Synchronization

/// The album server: tus uploads in, JSON, events, pictures and the live page out.
///
/// `pixcheese serve` runs it alone; `tether` runs it among its other services.
public struct AlbumServer: Service {
  private let store: AlbumStore
  private let configuration: AlbumServerConfiguration
  private let logger: Logger
  let desk: UploadDesk
  let downloads: Downloads
  private let renditions: RenditionMaker
  let routes: Routes

  public init(store: AlbumStore, configuration: AlbumServerConfiguration, logger: Logger) {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    let renditions = RenditionMaker(
      store: store, firstPause: configuration.renditionPause, logger: logger)
    let desk = UploadDesk(
      store: store, lifetime: configuration.uploadLifetime.seconds, maxSize: configuration.maxUploadSize,
      onOriginal: { renditions.look() })
    let downloads = Downloads(most: configuration.mostDownloads, patience: configuration.downloadPatience)
    let gate = Gate(store: store)
    let publicURL = configuration.publicURL
    self.renditions = renditions
    self.desk = desk
    self.downloads = downloads
    routes = Routes(
      page: PageEndpoints(gate: gate),
      albums: AlbumEndpoints(store: store, gate: gate, publicURL: publicURL),
      media: MediaEndpoint(store: store, downloads: downloads),
      originals: OriginalEndpoint(store: store, gate: gate),
      uploads: UploadEndpoints(desk: desk, gate: gate, publicURL: publicURL),
      health: HealthEndpoints(store: store, desk: desk))
  }

  /// Serves until it is told to stop or cancelled. Uploads that are under way then are cut off and keep what they have;
  /// downloads may go on for the configured grace.
  /// - Throws: `AlbumServerError` with `.listen` if the address cannot be listened on.
  public func run() async throws {
    allowManyConnections()
    let isListening = Listening()
    let application = application(isListening)
    let grace = configuration.shutdownGrace
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        group.addTask {
          try await gracefulShutdown()
          try await Task.sleep(for: grace)
        }
        // Whichever ends first ends the other: the server has stopped, or its time is up.
        try await group.next()
        group.cancelAll()
      }
    } catch is CancellationError {
      return
    } catch  where !isListening.began.load(ordering: .relaxed) {
      throw AlbumServerError(
        .listen, "\(configuration.host):\(configuration.port) cannot be listened on", underlying: error)
    }
  }

  /// Every viewer is an open file: as many as the system lets this process have, not the 1024 that it begins with.
  private func allowManyConnections() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
    else { return }
    limit.rlim_cur = limit.rlim_max
    if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 {
      logger.warning("the limit of open files stays as it is", metadata: ["errno": "\(errno)"])
    }
  }

  private final class Listening: Sendable {
    let began = Atomic(false)
  }

  private func application(_ isListening: Listening) -> some ApplicationProtocol {
    let onReady = configuration.onReady
    let idleTimeout = TimeAmount(configuration.idleTimeout)
    return Application(
      responder: routes.responder(),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [AnswerWatch(patience: idleTimeout)], idleTimeout: idleTimeout)),
      configuration: .init(
        address: .hostname(configuration.host, port: configuration.port), serverName: "pixcheese",
        backlog: 1024),
      services: [
        FeedKeeper(store: store, heartbeat: configuration.heartbeat, logger: logger),
        ExpiredUploads(store: store, logger: logger),
        DownloadKeeper(downloads: downloads, interval: min(configuration.downloadPatience, .seconds(1))),
        renditions,
      ],
      onServerRunning: { channel in
        isListening.began.store(true, ordering: .relaxed)
        await onReady(channel.localAddress?.port ?? 0)
      },
      logger: logger)
  }
}

extension Duration {
  fileprivate var seconds: TimeInterval {
    TimeInterval(components.seconds) + TimeInterval(components.attoseconds) * 1e-18
  }
}
