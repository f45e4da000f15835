import Logging
import ServiceLifecycle

/// Keeps a laptop from falling asleep while frames are under way, and goes on at once when it woke.
///
/// Where there is no logind nothing is done; then waits end by themselves in seconds.
struct SleepKeeper: Service {
  /// When something last moved: a byte of a frame, a rendition, a delivery.
  let lastMovement: @Sendable () async -> ContinuousClock.Instant
  /// Whether locks are taken, or sleep is only noticed.
  let inhibits: Bool
  let logger: Logger
  /// The bus's, if it is not the system's.
  var busAddress: String?
  /// Nothing has moved for so long: what still waits does so for something else, a network for instance.
  var quiet = Duration.seconds(30)
  /// Told after the machine woke.
  let onWake: @Sendable () async -> Void

  /// logind waits five seconds at most (`InhibitDelayMaxSec`).
  private static let settling = Duration.seconds(4)

  func run() async {
    let start = await lastMovement()
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        if inhibits { group.addTask { await stayAwake(since: start) } }
        group.addTask { await followSleep() }
      }
    }
  }

  /// Holds the lock from the first movement until nothing has moved for a while.
  private func stayAwake(since start: ContinuousClock.Instant) async {
    var lock: SleepLock?
    while !Task.isCancelled {
      let last = await lastMovement()
      if last == start || .now - last > quiet {
        lock = nil
      } else if lock == nil {
        lock = await take(.block, why: "Photos are being fetched and sent")
        // Nobody is there, or we may not: asking again changes neither.
        if lock == nil { return logger.info("Nothing keeps this machine from falling asleep.") }
      }
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
    }
  }

  private func followSleep() async {
    guard let sleeps = await Logind.sleeps(busAt: busAddress) else { return }
    var delay = await takeDelay()
    for await isGoingToSleep in sleeps {
      if isGoingToSleep {
        logger.info("The machine is going to sleep.")
        if delay != nil { await settle() }
        delay = nil
      } else {
        logger.info("The machine has woken.")
        delay = await takeDelay()
        await onWake()
      }
    }
  }

  /// Lets what is being written end, for as long as logind waits.
  private func settle() async {
    let start = ContinuousClock.now
    while .now - start < Self.settling, await .now - lastMovement() < .seconds(1) {
      do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
    }
  }

  private func takeDelay() async -> SleepLock? {
    inhibits ? await take(.delay, why: "A photo that is being written is finished first") : nil
  }

  private func take(_ mode: SleepLock.Mode, why: String) async -> SleepLock? {
    await SleepLock.take(mode, why: why, busAt: busAddress)
  }
}
