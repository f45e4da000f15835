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
    /// A folder for libgphoto2's own settings.
    public var settings: FilePath
    /// How long the cameras that are named (not `auto`) may take until one of them is connected; after that `run`
    /// throws. Once one was connected, every camera is waited for without end.
    public var patience: Duration
    /// The gate before the spool, which the caller measures; `nil` lets all in until the disk is full.
    public var room: SpoolRoom?
    /// What is done about the cameras' clocks and cards.
    public var care: CameraCare

    public init(
      cameras: [CameraSelection], catchUp: CatchUp, albums: [String], settings: FilePath,
      policy: SendingPolicy = SendingPolicy(), room: SpoolRoom? = nil,
      executable: FilePath = "/proc/self/exe", patience: Duration = .seconds(10),
      care: CameraCare = CameraCare()
    ) {
      self.cameras = cameras
      self.catchUp = catchUp
      self.albums = albums
      self.policy = policy
      self.executable = executable
      self.settings = settings
      self.room = room
      self.patience = patience
      self.care = care
    }
  }

  private struct State {
    var hasConnected = false
    var unfetched = 0
  }

  private let configuration: Configuration
  private let surroundings: CameraLink.Surroundings
  private let stopSignal = StopSignal()
  private let continuation: AsyncStream<TetherEvent>.Continuation
  private let state = Mutex(State())
  /// Everything that happens, in order; to be read by one. Ends with `run()`.
  public let events: AsyncStream<TetherEvent>

  /// - Parameters:
  ///   - session: begun by the caller, who also ends it, unless `unfetched` is not 0 after `run()`: then it is to be
  ///     continued, so that the next run fetches what this one knew of.
  public init(_ configuration: Configuration, journal: Journal, session: Session, logger: Logger) {
    self.configuration = configuration
    let (events, continuation) = AsyncStream<TetherEvent>.makeStream()
    self.events = events
    self.continuation = continuation
    surroundings = CameraLink.Surroundings(
      journal: journal, session: session, albums: configuration.albums,
      policy: configuration.policy, catchUp: configuration.catchUp,
      executable: configuration.executable, settings: configuration.settings, room: configuration.room,
      care: configuration.care,
      logger: logger,
      emit: { continuation.yield($0) })
  }

  /// How many frames were announced and are not safe, after `run()`.
  public var unfetched: Int { state.withLock { $0.unfetched } }

  /// Takes no more frames, and lets `run()` end.
  public func stop() { stopSignal.request() }

  /// Tethers until stopped.
  /// - Throws: `TetherError`.
  public func run() async throws {
    defer { continuation.finish() }
    do {
      try await withGracefulShutdownHandler {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for selection in Set(configuration.cameras) {
            switch selection {
            case .auto: group.addTask { try await self.watchUSB() }
            case .port(let port):
              group.addTask { try await self.tether(port, isNamed: true, until: self.stopSignal) }
            }
          }
          try await group.waitForAll()
        }
      } onGracefulShutdown: {
        self.stopSignal.request()
      }
    } catch let error as JournalError {
      throw TetherError(
        code: .journal, message: "The journal takes no more: \(error.message) What it has is safe.",
        underlying: error)
    }
  }

  private func tether(_ port: CameraPort, isNamed: Bool, until stop: StopSignal) async throws {
    let link = CameraLink(port: port, surroundings: surroundings, stop: stop)
    let start = ContinuousClock.now
    let patience = configuration.patience
    defer { state.withLock { $0.unfetched += link.unfetched } }
    try await link.run { loss, hadConnected in
      let hasConnected = state.withLock { state in
        state.hasConnected = state.hasConnected || hadConnected
        return state.hasConnected
      }
      guard isNamed, !hasConnected, ContinuousClock.now - start > patience else { return }
      throw TetherError(code: .noCamera(loss.code), message: loss.message)
    }
  }

  /// A link for every PTP camera on USB, from its plugging in to its unplugging.
  private func watchUSB() async throws {
    let named = configuration.cameras.compactMap { selection -> CameraPort? in
      if case .port(let port) = selection { return port }
      return nil
    }
    let monitor: USBMonitor
    do {
      monitor = try USBMonitor()
    } catch {
      let message = "Cameras on USB cannot be watched: \(error)."
      guard !named.isEmpty else { throw TetherError(code: .noUSB, message: message, underlying: error) }
      continuation.yield(.warning(code: "no_usb", message: message))
      return
    }
    let changes = monitor.changes()
    try await withThrowingTaskGroup(of: Void.self) { group in
      var stops: [CameraPort: StopSignal] = [:]
      let ended = AsyncStream<Void>.makeStream()
      let listener = stopSignal.listen { ended.continuation.finish() }
      defer { stopSignal.forget(listener) }
      let attached = AsyncStream<USBMonitor.Change>.makeStream()
      group.addTask {
        for try await change in changes { attached.continuation.yield(change) }
        attached.continuation.finish()
      }
      group.addTask {
        for await _ in ended.stream {}
        attached.continuation.finish()
      }
      for await change in attached.stream {
        switch change {
        case .attached(let device) where !named.contains(device.port):
          let stop = StopSignal()
          stops[device.port] = stop
          group.addTask { try await self.tether(device.port, isNamed: false, until: stop) }
        case .attached: continue
        case .detached(let bus, let device):
          stops.removeValue(forKey: .usb(bus: bus, device: device))?.request()
        }
      }
      for stop in stops.values { stop.request() }
      // The watching thread is left by cancelling who reads it; the links end by themselves, in their own time.
      try await group.waitForAll()
    }
  }
}
