import Foundation
public import Journal
public import Logging
import Model
import Programs
public import ServiceLifecycle
import Synchronization

/// Runs a photographer's programs for frames: beside the way of a frame, never in it.
///
/// What is to be run for safe frames is written down in the journal together with what happened, and forgotten when the
/// program has ended: it is run at least once, whatever happens to this process. A frame that is only captured is
/// in no journal: its program is run at most once, and not at all when too many wait.
public final class HookStage: Service {
  private let journal: Journal
  private let programs: HookPrograms
  private let logger: Logger
  private let onFailure: @Sendable (HookFailure) async -> Void
  private let wakes: AsyncStream<Wake>
  private let waker: AsyncStream<Wake>.Continuation
  /// Captured frames that wait for a place.
  private let captured = Mutex<[HookSubject]>([])
  private let inWork = Mutex(0)

  /// So many captured frames may wait.
  static let capturedLimit = 1000
  /// A hook that this process did not outlive so often is not run again: it may be what ends it.
  static let attemptLimit = 3
  /// At the end of a run programs may go on for so long. All of it has to fit into the five seconds that a run has to end in.
  private static let lastCall = Duration.milliseconds(1500)
  private static let grace = Duration.milliseconds(800)

  private enum Wake: Sendable {
    case look
    case ended(Int64?)
    case timeToGo
  }

  /// - Parameter onFailure: is told of each program that failed, hung or could not be started.
  public init(
    journal: Journal, programs: HookPrograms, logger: Logger,
    onFailure: @escaping @Sendable (HookFailure) async -> Void
  ) {
    self.journal = journal
    self.programs = programs
    self.logger = logger
    self.onFailure = onFailure
    (wakes, waker) = AsyncStream.makeStream()
  }

  /// From here on the journal writes down what is to be run. Call it before anything is fed into it.
  /// - Throws: `JournalError`.
  public func prepare() async throws(JournalError) {
    try await journal.watchHooks(Set(programs.arguments.keys))
  }

  /// A camera has announced a frame.
  public func captured(_ subject: HookSubject) async {
    guard programs.arguments[.captured] != nil else { return }
    let hasRoom = captured.withLock { waiting in
      guard waiting.count < Self.capturedLimit else { return false }
      waiting.append(subject)
      return true
    }
    if hasRoom {
      waker.yield(.look)
    } else {
      await onFailure(
        HookFailure(
          point: .captured, name: subject.name,
          reason: "not run: \(Self.capturedLimit) others wait already", lastLines: ""))
    }
  }

  /// Waits until no program runs and none waits, or the run is to end.
  public func settle() async {
    do {
      // Asked at the end of a run only. The end of a program for a captured frame is in no journal to wait for.
      try await cancelWhenGracefulShutdown {
        while await !self.isSettled() { try await Task.sleep(for: .milliseconds(20)) }
      }
    } catch {
      // The run is to end: there is no time to wait.
    }
  }

  private func isSettled() async -> Bool {
    guard inWork.withLock({ $0 == 0 }), captured.withLock(\.isEmpty) else { return false }
    do {
      return try await journal.hookCalls(limit: 1).isEmpty
    } catch {
      // Somebody else tells of a journal that fails; there is nothing to wait for.
      return true
    }
  }

  /// Runs programs until graceful shutdown, and those that are due then for a short while more.
  /// - Throws: `JournalError` when the journal cannot be read or written.
  public func run() async throws {
    // A run of a day starts tens of thousands of programs: nothing is kept of one that has ended.
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { [journal, waker] in
        for await _ in journal.ticks().cancelOnGracefulShutdown() { waker.yield(.look) }
        // A run that was cancelled has no time left at all.
        do { try await Task.sleep(for: Self.lastCall) } catch {}
        waker.yield(.timeToGo)
      }
      var calls: Set<Int64> = []
      var running = 0
      for await wake in wakes {
        switch wake {
        case .look: break
        case .timeToGo:
          group.cancelAll()
          return
        case .ended(let call):
          running -= 1
          if let call { calls.remove(call) }
        }
        while running < programs.places, let subject = nextCaptured() {
          running += 1
          inWork.withLock { $0 += 1 }
          group.addTask { [self] in
            await run(subject)
            inWork.withLock { $0 -= 1 }
            waker.yield(.ended(nil))
          }
        }
        guard running < programs.places else { continue }
        for call in try await journal.hookCalls(limit: programs.places + calls.count)
        where running < programs.places && calls.insert(call.id).inserted {
          running += 1
          inWork.withLock { $0 += 1 }
          group.addTask { [self] in
            defer { inWork.withLock { $0 -= 1 } }
            do {
              try await run(call)
            } catch  where Task.isCancelled {
              // The run is over: what could not be written down any more is run again by the next one.
            }
            waker.yield(.ended(call.id))
          }
        }
      }
    }
  }

  private func nextCaptured() -> HookSubject? {
    captured.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  /// Runs what the journal asks for; it forgets that only when the program has ended by itself or its time was over.
  private func run(_ call: HookCall) async throws {
    let subject = HookSubject(call)
    if call.attempts >= Self.attemptLimit {
      await onFailure(
        HookFailure(
          point: call.point, name: subject.name,
          reason: "not run again: pixcheese ended \(call.attempts) times while it ran", lastLines: ""))
    } else {
      try await journal.begin(call)
      guard await run(subject) else { return }
    }
    try await journal.end(call)
  }

  /// - Returns: whether it was run to an end, whichever; otherwise this run is over.
  @discardableResult
  private func run(_ subject: HookSubject) async -> Bool {
    guard let arguments = programs.arguments[subject.point] else { return true }
    let ending = await ProgramRun(
      arguments, environment: subject.environment, input: subject.json, timeLimit: programs.timeLimit,
      grace: min(Self.grace, programs.timeLimit)
    ).perform()
    guard ending.cause != .cancelled else { return false }
    logger.debug("hook", metadata: ["hook": "\(subject.point)", "ended": "\(ending.cause)"])
    guard let reason = ending.reason(limit: programs.timeLimit) else { return true }
    await onFailure(
      HookFailure(
        point: subject.point, name: subject.name, reason: reason, lastLines: ending.lastLines))
    return true
  }
}
