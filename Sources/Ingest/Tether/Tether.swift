import Foundation
import GPhoto
public import Journal
public import Logging
public import Model
public import ServiceLifecycle
import Synchronization
public import SystemPackage

/// Watches cameras and makes every new frame safe.
///
/// Each camera has a worker process; this side decides what is fetched, by the journal. `run()` ends after `stop()` or
/// a graceful shutdown: the files under way are finished, for 3.5 s at most.
public final class Tether: Service {
  /// What to watch, and how.
  public struct Configuration: Sendable {
    public var cameras: [CameraSelection]
    public var catchUp: CatchUp
    /// Where the frames go: albums as given.
    public var albums: [String]
    /// Which frames go there, and which of their originals.
    public var policy: SendingPolicy
    /// The program that understands `camera-worker`: this one.
    public var executable: FilePath
    /// How long the cameras that are named (not `auto`) may take until one of them is connected; when each of them has
    /// failed after that, `run` throws. Once one was connected, every camera is waited for without end.
    public var patience: Duration
    /// What a worker may cost before it is replaced.
    public var limits: WorkerLimits
    /// The gate before the spool, which the caller measures; `nil` lets all in until the disk is full.
    public var room: SpoolRoom?
    /// What is done about the cameras' clocks and cards.
    public var care: CameraCare
    /// Whether programs that hold a camera are asked to let go of it.
    public var takesOver: Bool
    /// How long after a loss a camera is tried again: the shortest at first, doubled each time it does not come back.
    public var retryPauses: ClosedRange<Duration> = .milliseconds(500) ... .seconds(5)

    public init(
      cameras: [CameraSelection], catchUp: CatchUp, albums: [String],
      policy: SendingPolicy = SendingPolicy(), room: SpoolRoom? = nil,
      executable: FilePath = "/proc/self/exe", patience: Duration = .seconds(10),
      limits: WorkerLimits = WorkerLimits(),
      care: CameraCare = CameraCare(), takesOver: Bool = false
    ) {
      self.cameras = cameras
      self.catchUp = catchUp
      self.albums = albums
      self.policy = policy
      self.executable = executable
      self.room = room
      self.patience = patience
      self.takesOver = takesOver
      self.limits = limits
      self.care = care
    }
  }

  private struct State {
    var hasConnected = false
    /// The cameras that were named and could not be reached in time, by their links, and why the first of them could not.
    var unreachable: Set<Int> = []
    var firstLoss: CameraLoss?
    var unfetched = 0
    /// Of what is owed: what cameras that were there to the end had not got; by camera, and together.
    var aside: [String: Int] = [:]
    var setAside = 0
    /// Whether it is known what is left on the cards: not where the run ended because the journal took no more.
    var hasTakenStock = false
    var away: Set<String> = []
    var links = 0
    /// The cameras that were connected to the end of their last link.
    var inOrder: Set<String> = []
    var seats: [CameraSeat] = []
  }

  private let configuration: Configuration
  private let surroundings: CameraLink.Surroundings
  private let stopSignal = StopSignal()
  private let continuation: AsyncStream<TetherEvent>.Continuation
  private let state = Mutex(State())
  /// Everything that happens, in order; to be read by one. Ends with `run()`.
  public let events: AsyncStream<TetherEvent>

  /// - Parameters:
  ///   - session: begun by the caller, who also ends it if `isSessionComplete` after `run()`: else it is to be
  ///     continued, so that the next run fetches what this one knew of, and what cameras shot that were away.
  public init(_ configuration: Configuration, journal: Journal, session: Session, logger: Logger) {
    self.configuration = configuration
    let (events, continuation) = AsyncStream<TetherEvent>.makeStream()
    self.events = events
    self.continuation = continuation
    surroundings = CameraLink.Surroundings(
      journal: journal, session: session, albums: configuration.albums,
      policy: configuration.policy, catchUp: configuration.catchUp,
      executable: configuration.executable, takesOver: configuration.takesOver, limits: configuration.limits,
      room: configuration.room,
      care: configuration.care, retryPauses: configuration.retryPauses, logger: logger,
      emit: { continuation.yield($0) })
  }

  /// How many frames are known and not safe, after `run()`: but for those of `setAside`.
  public var unfetched: Int { state.withLock { $0.unfetched } }

  /// How many frames are known that a camera which was there to the end had not got: deleted there, or on another card. They
  /// are no reason to go on with the session, whose next run would take what is shot meanwhile; a new one for the same albums
  /// fetches them if it finds them.
  public var setAside: Int { state.withLock { $0.setAside } }

  /// The cameras of this session that were not connected at the end of `run()`: what they shot since nobody knows.
  public var away: Set<String> { state.withLock { $0.away } }

  /// Whether nothing of this session is left on a card, after `run()`.
  public var isSessionComplete: Bool {
    state.withLock { $0.hasTakenStock && $0.unfetched == 0 && $0.away.isEmpty }
  }

  /// Takes no more frames, and lets `run()` end.
  public func stop() { stopSignal.request() }

  /// Tries every camera again at once that is waited for: after the machine woke, say.
  public func retry() {
    for seat in state.withLock({ $0.seats }) { seat.retry() }
  }

  /// Tethers until stopped.
  /// - Throws: `TetherError`.
  public func run() async throws {
    defer { continuation.finish() }
    do {
      try await withGracefulShutdownHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { await self.keepSessionAlive() }
          group.addTask { try await self.watch() }
          // The watching ends; the keeping alive only with it.
          try await group.next()
          group.cancelAll()
        }
      } onGracefulShutdown: {
        self.stopSignal.request()
      }
      try await takeStock()
    } catch let error as JournalError {
      throw TetherError(
        code: .journal, message: "The journal takes no more: \(error.message) What it has is safe.",
        underlying: error)
    }
  }

  private func watch() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      let cameras = Set(configuration.cameras)
      var named: [CameraPort] = []
      for case .port(let port) in cameras {
        if case .usb = port {
          named.append(port)
        } else {
          group.addTask { try await self.tether(CameraSeat(port), isNamed: true) }
        }
      }
      if cameras.contains(.auto) || !named.isEmpty {
        group.addTask { [named] in
          try await self.watchUSB(USBSeats(named: named, takesAll: cameras.contains(.auto)))
        }
      }
      // The first error ends all the others; `waitForAll` would keep it until they ended by themselves, which they do not.
      for try await _ in group {}
    }
  }

  /// Signs of life, by which the next run tells whether it may go on with this session.
  private func keepSessionAlive() async {
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: .seconds(60))
        try await surroundings.journal.keepAlive(surroundings.session)
      } catch is CancellationError {
        return
      } catch {
        // A minute more or less decides nothing.
        surroundings.logger.warning("the session's sign of life was not written: \(error)")
      }
    }
  }

  /// What of this session is still on cards, as far as it can be known.
  private func takeStock() async throws {
    let session = surroundings.session
    let owed = try await surroundings.journal.owedCount(in: session)
    let known =
      configuration.catchUp == .none ? [] : try await surroundings.journal.sources(of: session)
    state.withLock { state in
      state.hasTakenStock = true
      state.setAside = min(owed, state.aside.values.reduce(0, +))
      state.unfetched = owed - state.setAside
      state.away = known.subtracting(state.inOrder)
    }
  }

  private func tether(_ seat: CameraSeat, isNamed: Bool) async throws {
    guard seat.port != nil else { return }
    let number = state.withLock { state in
      state.seats.append(seat)
      state.links += 1
      return state.links
    }
    let link = CameraLink(
      seat: seat, number: number, surroundings: surroundings, stop: stopSignal)
    let start = ContinuousClock.now
    let patience = configuration.patience
    defer {
      state.withLock { state in
        guard let camera = link.camera else { return }
        if link.leftInOrder {
          state.inOrder.insert(camera)
          state.aside[camera] = link.asideCount
        } else {
          state.inOrder.remove(camera)
        }
      }
    }
    let named = Set(configuration.cameras).count { $0 != .auto }
    try await link.run { loss, hadConnected in
      let isOver = ContinuousClock.now - start > patience
      let (hasConnected, end) = state.withLock { state -> (Bool, CameraLoss?) in
        state.hasConnected = state.hasConnected || hadConnected
        guard isNamed, !state.hasConnected, isOver else { return (state.hasConnected, nil) }
        state.unreachable.insert(number)
        state.firstLoss = state.firstLoss ?? loss
        // Another may be about to connect: a slow one, or one that is let in only now.
        return (false, state.unreachable.count == named ? state.firstLoss : nil)
      }
      if let end { throw TetherError(code: .noCamera(end.code), message: end.message) }
      // For as long as this may still be the end, the error is to say it, and nobody before.
      return !isNamed || hasConnected || isOver
    }
  }

  /// A link for every seat on USB. It outlives the camera's unplugging, and with it what was announced and not fetched.
  private func watchUSB(_ seats: USBSeats) async throws {
    let plugs = try plugWatch()
    // Nothing is kept of a link that ended.
    try await withThrowingDiscardingTaskGroup { group in
      func add(_ seat: CameraSeat, isNamed: Bool) {
        group.addTask {
          do {
            try await self.tether(seat, isNamed: isNamed)
          } catch {
            // The links are cancelled, but not who waits here for plugs.
            plugs?.stop()
            throw error
          }
        }
      }
      for seat in seats.seats { add(seat, isNamed: true) }
      guard let plugs else { return }
      let listener = stopSignal.listen { plugs.stop() }
      defer { stopSignal.forget(listener) }
      var seats = seats
      await plugs.run(
        failed: warnOfUSB,
        take: { change in
          switch change {
          case .present(let devices):
            for seat in seats.present(devices, at: .now) { add(seat, isNamed: false) }
          case .attached(let device):
            if let seat = seats.attached(device, at: .now) { add(seat, isNamed: false) }
          case .detached(let bus, let device):
            seats.detached(bus: bus, device: device)
          }
        })
    }
  }

  /// - Returns: `nil` if USB cannot be watched, and there are cameras that were named.
  private func plugWatch() throws(TetherError) -> PlugWatch? {
    do {
      // Where there is no USB at all nobody waits for it.
      _ = try USBMonitor()
      return PlugWatch()
    } catch {
      guard configuration.cameras.contains(where: { $0 != .auto }) else {
        throw TetherError(
          code: .noUSB, message: "Cameras on USB cannot be watched: \(error).", underlying: error)
      }
      warnOfUSB(error)
      return nil
    }
  }

  private func warnOfUSB(_ error: any Error) {
    continuation.yield(
      .warning(code: "no_usb", message: "Cameras on USB are not noticed when they are plugged in: \(error)."))
  }
}
