import Logging
import ServiceLifecycle

/// Drops uploads that nobody went on with, at the start and every ten minutes.
struct ExpiredUploads: Service {
  let store: AlbumStore
  let logger: Logger

  func run() async throws {
    do {
      while true {
        do {
          let count = try await store.dropExpiredUploads()
          if count > 0 { logger.info("dropped expired uploads", metadata: ["count": "\(count)"]) }
        } catch let error as AlbumServerError {
          logger.error("expired uploads cannot be dropped", metadata: ["error": "\(error)"])
        }
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(600)) }
      }
    } catch is CancellationError {
      return
    }
  }
}
