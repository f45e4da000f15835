import AlbumServer
import Logging
import ServiceLifecycle

/// The album server of this machine's own albums, in the same process.
///
/// The embedded address is a wish: where another program has its port, or takes it at this very moment, a free port does.
/// An address that somebody asked for is meant, and is an error where it is taken.
struct EmbeddedServer: Service {
  let store: AlbumStore
  let listen: ListenAddress
  let logger: Logger
  /// Told the port that it listens on.
  let onReady: @Sendable (Int) -> Void

  func run() async throws {
    do {
      try await serve(at: listen)
    } catch let error as AlbumServerError where error.code == .listen && listen == .embedded {
      logger.info("the album's own port is taken", metadata: ["port": "\(listen.port)"])
      try await serve(at: ListenAddress(host: listen.host, port: 0))
    }
  }

  private func serve(at address: ListenAddress) async throws {
    let onReady = onReady
    let configuration = try AlbumServerConfiguration(host: address.host, port: address.port) { onReady($0) }
    try await AlbumServer(store: store, configuration: configuration, logger: logger).run()
  }
}
