import Logging
import ServiceLifecycle

/// Keeps the event streams alive: heartbeats, and changes that other processes make in the same folder.
struct FeedKeeper: Service {
  let store: AlbumStore
  let heartbeat: Duration
  let logger: Logger

  func run() async throws {
    let clock = ContinuousClock()
    var lastBeat = clock.now
    let step = min(heartbeat, .seconds(1))
    do {
      while true {
        try await cancelWhenGracefulShutdown { try await Task.sleep(for: step) }
        if clock.now - lastBeat >= heartbeat {
          lastBeat = clock.now
          for (_, feed) in store.feeds.all { feed.beat() }
        }
        do {
          try await store.catchUpFeeds()
        } catch let error as AlbumServerError {
          logger.warning("looking for changes failed", metadata: ["error": "\(error)"])
        }
      }
    } catch is CancellationError {
      return
    }
  }
}
