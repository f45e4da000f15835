public import Curl
import Foundation
import Glibc
public import Logging
public import ServiceLifecycle

/// Tries everything again at once when the network has changed or the machine has slept, on new connections.
public struct NetworkKeeper: Service {
  private let curl: CurlClient
  private let deliverer: Deliverer
  private let logger: Logger

  public init(curl: CurlClient, deliverer: Deliverer, logger: Logger) {
    self.curl = curl
    self.deliverer = deliverer
    self.logger = logger
  }

  /// Watches until the task is cancelled or the service group shuts down.
  public func run() async {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        group.addTask { await watchNetwork() }
        group.addTask { await watchSleep() }
      }
    }
  }

  private func watchNetwork() async {
    do {
      let watch = try NetworkWatch()
      for await _ in watch.changes {
        logger.info("The network has changed.")
        await beginAnew()
      }
    } catch {
      // Waits end by themselves in half a minute at most; that is all that is lost.
      logger.info("Changes of the network cannot be watched.", metadata: ["error": "\(error)"])
    }
  }

  /// A machine that has slept may have the same address, and connections that nobody at the other end remembers.
  private func watchSleep() async {
    var slept = Self.timeAsleep
    while !Task.isCancelled {
      do { try await Task.sleep(for: .seconds(2)) } catch { return }
      let now = Self.timeAsleep
      if now - slept > .seconds(2) {
        logger.info("The machine has slept.")
        await beginAnew()
      }
      slept = now
    }
  }

  private func beginAnew() async {
    curl.networkChanged()
    await deliverer.nudge()
  }

  /// How long the machine has slept since it was started.
  private static var timeAsleep: Duration { time(CLOCK_BOOTTIME) - time(CLOCK_MONOTONIC) }

  private static func time(_ clock: clockid_t) -> Duration {
    var time = timespec()
    clock_gettime(clock, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
