import Foundation
import Logging
import Synchronization
import Testing

@testable import Commands

@Suite(
  "A laptop that would fall asleep", .enabled(if: FakeBus.isPossible, "no dbus-daemon, or no python3-gi"))
struct SleepKeeperTests {
  /// What moves, and what was told.
  private final class Run: Sendable {
    let last = Mutex(ContinuousClock.now)
    let wakes = AsyncStream<Void>.makeStream()

    func move() { last.withLock { $0 = .now } }
  }

  /// Runs a keeper until the body is done.
  private func keep(
    busAt address: String, inhibits: Bool = true, quiet: Duration = .seconds(3),
    _ body: @escaping @Sendable (Run) async throws -> Void
  ) async throws {
    let run = Run()
    let keeper = SleepKeeper(
      lastMovement: { run.last.withLock { $0 } }, inhibits: inhibits, logger: Logger(label: "test"),
      busAddress: address, quiet: quiet,
      onWake: { run.wakes.continuation.yield() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await keeper.run() }
      try await body(run)
      group.cancelAll()
    }
  }

  /// Lets something move until it was said: the keeper looks once a second, and may be late for a single movement.
  private func move(_ run: Run, until line: String, of logind: FakeLogind) async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        while !Task.isCancelled {
          run.move()
          do { try await Task.sleep(for: .milliseconds(100)) } catch { return }
        }
      }
      await logind.says(line)
      group.cancelAll()
    }
  }

  @Test("It stays awake from the first movement until nothing moves any more")
  func block() async throws {
    let logind = try await FakeLogind()
    try await keep(busAt: logind.address) { run in
      await logind.says("taken delay")
      await move(run, until: "taken block", of: logind)
      await logind.says("given back block")
      await move(run, until: "taken block", of: logind)
    }
    await logind.says("given back block")
  }

  @Test("Sleep waits for what is being written, and everything goes on when the machine has woken")
  func sleepAndWake() async throws {
    let logind = try await FakeLogind()
    try await keep(busAt: logind.address) { run in
      await logind.says("taken delay")
      // What still moves is waited for; what has not for a second is not.
      run.move()
      try logind.tell(sleeps: true)
      await logind.says("given back delay")
      #expect(.now - run.last.withLock { $0 } >= .seconds(1))
      try logind.tell(sleeps: false)
      await logind.says("taken delay")
      for await _ in run.wakes.stream { break }
    }
    await logind.says("given back delay")
  }

  @Test(
    "Where no lock is wanted, or none is given, the waking is noticed all the same", arguments: [true, false])
  func noLock(inhibits: Bool) async throws {
    let logind = try await FakeLogind(refuses: inhibits)
    try await keep(busAt: logind.address, inhibits: inhibits) { run in
      run.move()
      // Nobody tells when the keeper listens: it is told until it does.
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          while !Task.isCancelled {
            try logind.tell(sleeps: false)
            try await Task.sleep(for: .milliseconds(100))
          }
        }
        for await _ in run.wakes.stream { break }
        group.cancelAll()
        do { try await group.waitForAll() } catch is CancellationError {}
      }
    }
  }

  @Test("Without a bus, and after the bus has gone, it is quiet")
  func noBus() async throws {
    #expect(await SleepLock.take(.block, why: "test", busAt: "unix:path=/nonexistent/bus") == nil)
    #expect(await Logind.sleeps(busAt: "unix:path=/nonexistent/bus") == nil)
    var logind: FakeLogind? = try await FakeLogind()
    let address = try #require(logind?.address)
    let sleeps = try #require(await Logind.sleeps(busAt: address))
    logind = nil
    #expect(await sleeps.first { _ in true } == nil)
  }
}
