import GPhoto
import Journal
import Logging
import Model
import SystemPackage

/// Keeps one camera tethered: a worker for as long as the camera is there, a new one after every loss.
final class CameraLink {
  /// What the link needs from `tether`.
  struct Surroundings: Sendable {
    let journal: Journal
    let session: Session
    let albums: [String]
    let policy: SendingPolicy
    let catchUp: CatchUp
    let executable: FilePath
    let takesOver: Bool
    let limits: WorkerLimits
    let room: SpoolRoom?
    let care: CameraCare
    let retryPauses: ClosedRange<Duration>
    let logger: Logger
    let emit: @Sendable (TetherEvent) -> Void
  }

  private let seat: CameraSeat
  private let surroundings: Surroundings
  private let stop: StopSignal
  private let number: Int
  private let history = CameraHistory()
  private var lastComplaint: CameraLoss?
  /// The camera that was connected last, as the journal calls it; `nil` before the first.
  var camera: String? { history.last }
  /// Whether the camera was connected to the end, and nothing that it had to tell was left out.
  private(set) var leftInOrder = false
  /// How many frames are owed that the camera had not got at the end, as far as anybody can tell.
  var asideCount: Int { history.frames.reduce(0) { $0 + $1.asideCount } }

  /// - Parameter number: what tells this link from others of the run.
  init(seat: CameraSeat, number: Int, surroundings: Surroundings, stop: StopSignal) {
    self.seat = seat
    self.number = number
    self.surroundings = surroundings
    self.stop = stop
  }

  /// Runs until the stop is requested or the task is cancelled.
  /// - Parameter outcome: told after each connection, or try at one, how it ended and whether it had come about.
  ///   Answers whether a try that failed is worth a person's attention.
  /// - Throws: `JournalError` when the journal takes no more.
  func run(outcome: (_ loss: CameraLoss, _ hadConnected: Bool) throws -> Bool) async throws {
    let pauses = surroundings.retryPauses
    var pause = pauses.lowerBound
    while !stop.isRequested, !Task.isCancelled, let port = await seat.camera(until: stop) {
      let calls = seat.calls
      let connection = CameraConnection(
        seat: seat, port: port, link: number, history: history, surroundings: surroundings, stop: stop)
      let loss = try await connection.run()
      connection.frames?.workerIsGone(wasWanted: connection.isRecycled || stop.isRequested)
      leftInOrder =
        stop.isRequested && connection.isInOrder && history.frames.allSatisfy { $0.isEmpty }
      guard !stop.isRequested, !Task.isCancelled else { break }
      // The camera is where it was; nobody needs to know.
      if connection.isRecycled { continue }
      let hadConnected = connection.frames != nil
      if let frames = connection.frames {
        surroundings.emit(.cameraLost(camera: frames.camera, loss))
        pause = pauses.lowerBound
        lastComplaint = nil
      }
      if try outcome(loss, hadConnected), !hadConnected, lastComplaint != loss {
        surroundings.emit(.warning(code: loss.code.rawValue, message: loss.message))
        lastComplaint = loss
      }
      pause = await rest(pause, since: calls) ? min(pause * 2, pauses.upperBound) : pauses.lowerBound
    }
  }

  /// Waits, no longer than until the stop, or until the camera is moved or to be tried again.
  /// - Parameter calls: how often that had been when the last try began; if it has been since, there is no rest.
  /// - Returns: whether the pause was over.
  private func rest(_ pause: Duration, since calls: Int) async -> Bool {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let stopped = stop.listen { continuation.finish() }
    let moved = seat.listen { continuation.finish() }
    defer {
      stop.forget(stopped)
      seat.forget(moved)
    }
    guard seat.calls == calls else { return false }
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in stream {}
        return false
      }
      group.addTask {
        // A cancelled sleep is what ends it early.
        try? await Task.sleep(for: pause)
        return true
      }
      defer { group.cancelAll() }
      return await group.next() ?? true
    }
  }
}
