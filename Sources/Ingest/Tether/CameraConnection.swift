import Foundation
import GPhoto
import Journal
import Logging
import Model
import Synchronization
import SystemPackage

/// Which of its two paces a connection's clock has.
private final class Ticking: Sendable {
  private let state = Atomic(true)

  var isQuick: Bool {
    get { state.load(ordering: .relaxed) }
    set { state.store(newValue, ordering: .relaxed) }
  }
}

/// One worker's life: starts it, takes its reports, asks it for frames, and judges whether it is well.
///
/// Everything happens in one task, in the order in which it comes. A connection is used once.
final class CameraConnection {
  private enum Input: Sendable {
    case worker(WorkerProcess.Message)
    case tick
    case moved
    case stop
  }

  private let seat: CameraSeat
  private let port: CameraPort
  private let link: Int
  private let history: CameraHistory
  private let surroundings: CameraLink.Surroundings
  private let stop: StopSignal
  private let started = ContinuousClock.now

  /// The camera's frames, once it is connected.
  private(set) var frames: CameraFrames?
  /// Whether the worker was told to end because it has grown.
  private(set) var isRecycled = false
  /// Whether the worker listed all that was there, and ended with nothing left to tell.
  var isInOrder: Bool { isListed && endedInOrder }

  private var identity: WorkerIdentity?
  private var status: CameraStatus?
  private var clock: CameraClock?
  private var clearing: CardClearing?
  private var isListed = false
  private var endedInOrder = false
  private var loss: CameraLoss?
  private let ticking = Ticking()
  private var deadline: ContinuousClock.Instant
  private var stopDeadline: ContinuousClock.Instant?
  /// When the worker's memory is looked at next.
  private var nextLook: ContinuousClock.Instant

  /// How often it is looked after the worker while something is to be done; and else, since each look costs processor time
  /// for as long as a camera lies on a table.
  private static let quickTick = Duration.milliseconds(200)
  private static let slowTick = Duration.milliseconds(500)
  /// How long a worker may take to say its first word, and between two reports unless it says otherwise.
  private static let patience = Duration.seconds(30)
  /// SIGTERM to the end is 5 s at most (contract.md); the rest needs some of it.
  private static let stopPatience = Duration.milliseconds(3500)
  /// How long after it was killed a worker's end may take to be known. It is known when nobody has its pipe any more: should
  /// something hold that open, the camera is not to wait for it.
  private static let endPatience = Duration.seconds(5)
  /// What a worker has left to do when its camera is gone: to bring what it has read to disk.
  private static let unpluggedPatience = Duration.seconds(2)

  /// - Parameters:
  ///   - port: where the camera is now.
  ///   - link: what tells the link from others of the run.
  init(
    seat: CameraSeat, port: CameraPort, link: Int, history: CameraHistory,
    surroundings: CameraLink.Surroundings,
    stop: StopSignal
  ) {
    self.seat = seat
    self.port = port
    self.link = link
    self.history = history
    self.surroundings = surroundings
    self.stop = stop
    deadline = .now + min(Self.patience, surroundings.limits.silence)
    nextLook = .now + surroundings.limits.shortestLife
  }

  /// Starts a worker and stays with it until its end.
  /// - Returns: how it ended.
  /// - Throws: `JournalError` when the journal takes no more.
  func run() async throws -> CameraLoss {
    let (inputs, continuation) = AsyncStream<Input>.makeStream()
    let worker = WorkerProcess(
      arguments: [
        surroundings.executable.string, "camera-worker", "--port", port.description, "--spool",
        surroundings.journal.spool.root.string,
      ] + (surroundings.takesOver ? ["--take-over"] : [])
    ) { message in
      continuation.yield(.worker(message))
      if case .ended = message { continuation.finish() }
    }
    let listener = stop.listen { continuation.yield(.stop) }
    let moves = seat.listen { continuation.yield(.moved) }
    continuation.yield(.moved)
    // Whatever ends this: no worker survives it, and no listener either.
    defer {
      stop.forget(listener)
      seat.forget(moves)
      worker.kill()
    }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [ticking] in
        while !Task.isCancelled {
          try await Task.sleep(for: ticking.isQuick ? Self.quickTick : Self.slowTick)
          continuation.yield(.tick)
        }
      }
      defer { group.cancelAll() }
      for await input in inputs {
        let begun = ContinuousClock.now
        if let loss = try await handle(input, of: worker) { return loss }
        try await frames?.ask(worker, onlyMemory: stopDeadline != nil || isRecycled)
        // While we wait (for room for the journal, say) the worker is not silent: nobody hears what it says.
        deadline += .now - begun
        ticking.isQuick = !isListed || clearing != nil || frames?.isEmpty != true
      }
      return loss ?? CameraLoss(code: .stopped, message: "Stopped.")
    }
  }

  /// - Returns: how the worker ended, if it did.
  private func handle(_ input: Input, of worker: WorkerProcess) async throws -> CameraLoss? {
    switch input {
    case .worker(.report(let report)):
      do {
        try await take(report, from: worker)
      } catch let error as JournalError where error.code == .full {
        // The camera keeps its frames; when there is room for the journal again, all is asked for anew.
        loss = CameraLoss(code: .noRoom, message: "The journal's disk is full: \(error.message)")
        worker.kill()
      }
    case .worker(.nonsense(let what)):
      loss = CameraLoss(
        code: .workerDied, message: "The process for the camera at \(port) spoke nonsense (\(what)).")
    case .worker(.ended(let how)):
      return loss
        ?? CameraLoss(
          code: stop.isRequested ? .stopped : .workerDied,
          message: "The process for the camera at \(port) ended: \(how).")
    case .tick:
      look(after: worker)
      if min(deadline, stopDeadline ?? deadline) + Self.endPatience < .now {
        return loss ?? CameraLoss(code: .stopped, message: "Stopped.")
      }
      if let clearing, frames?.isEmpty == true || clearing.isOfBuffer, isListed, stopDeadline == nil {
        for command in try await clearing.step() { worker.send(command) }
      }
    case .moved:
      guard seat.port != port else { break }
      loss = .unplugged(port)
      stopDeadline = stopDeadline ?? .now + Self.unpluggedPatience
    case .stop:
      worker.send(.stop)
      stopDeadline = .now + Self.stopPatience
    }
    return nil
  }

  private func look(after worker: WorkerProcess) {
    let now = ContinuousClock.now
    if deadline < now {
      loss = CameraLoss(
        code: .workerHung,
        message: "The process for the camera at \(port) said nothing for too long, and was ended.")
      worker.kill()
    }
    if let stopDeadline, stopDeadline < now { worker.kill() }
    // What only the camera's memory has ends with the worker's connection.
    if nextLook < now, !isRecycled, isListed, frames?.hasMemoryFrames != true {
      nextLook = now + .seconds(5)
      guard let memory = worker.memory, memory > surroundings.limits.memory else { return }
      surroundings.logger.notice("a worker has grown and is replaced", metadata: ["bytes": "\(memory)"])
      isRecycled = true
      stopDeadline = now + .seconds(60)
      worker.send(.stop)
    }
  }

  // MARK: Reports

  private func take(_ report: WorkerReport, from worker: WorkerProcess) async throws {
    var patience = Self.patience
    switch report {
    case .hello(let version):
      guard version == WorkerProtocol.version else {
        loss = CameraLoss(code: .workerDied, message: "The worker is of another version (\(version)).")
        worker.kill()
        return
      }
    case .alive(let seconds): patience = .seconds(min(max(1, seconds), WorkerProtocol.longestPatience))
    case .connected(let identity, let status): try await connected(identity, status, worker)
    case .appeared(let object):
      clearing?.saw(object.source, id: object.id)
      if try await frames?.appeared(object) != true { worker.send(.skip(object: object.id)) }
    case .listed(let objects, let isComplete):
      for object in objects { clearing?.saw(object.source, id: object.id) }
      try await frames?.listed(objects, isComplete: isComplete)
      if isComplete { listingIsComplete() }
    case .marked(let object, let mark): try await frames?.marked([object.source: mark])
    case .progress(let id, let bytes): frames?.progressed(id, bytes: bytes)
    case .fetched(let id, let path, let bytes, let hash):
      try await frames?.fetched(id, FetchedFile(path: path, bytes: bytes, hash: hash))
    case .failed(let id, let failure): try await frames?.failed(id, failure)
    case .status(let status):
      self.status = status
      guard let frames else { break }
      surroundings.emit(.cameraStatus(camera: frames.camera, status))
      warn(history.health.take(status, camera: modelName))
    case .clock(let reading):
      guard reading.isPlausible else { break }
      if let zone = try await clock?.take(reading) { worker.send(.setClock(zone: zone)) }
    case .clockNotSet:
      warn(
        "clock_not_set", "The clock of \(modelName) cannot be set from here: set it in the camera's menu.")
    case .erased(let id): try await clearing?.erased(id)
    case .spared(let id, let reason): try await clearing?.spared(id, reason)
    case .checked, .receiving: break
    case .lost(let loss): self.loss = self.loss ?? loss
    case .stopped(let inOrder): endedInOrder = inOrder
    case .warning(let code, let message): warn(String(code.prefix(64)), DisplayName.line(message))
    }
    // A promise of patience holds until the next one; other reports only prove life.
    let deadline = ContinuousClock.now + min(patience, surroundings.limits.silence)
    if case .alive = report {
      self.deadline = deadline
    } else {
      self.deadline = max(deadline, self.deadline)
    }
  }

  private func connected(_ identity: WorkerIdentity, _ status: CameraStatus, _ worker: WorkerProcess)
    async throws
  {
    self.identity = identity
    self.status = status
    let camera = CameraLink.name(of: identity, port: port, socket: seat.socket)
    let clock = try await CameraClock(
      camera: camera, model: modelName, care: surroundings.care, journal: surroundings.journal,
      emit: surroundings.emit)
    self.clock = clock
    let frames = history.frames(of: camera) {
      CameraFrames(camera: camera, link: link, surroundings: surroundings)
    }
    self.frames = frames
    let clearsBuffer = surroundings.care.clearsBuffer && identity.mayBuffer
    if surroundings.care.deletesDelivered || clearsBuffer {
      clearing = CardClearing(
        journal: surroundings.journal, camera: camera, pause: surroundings.care.deletionPause,
        isOfBuffer: clearsBuffer, emit: surroundings.emit)
    }
    if identity.mayBuffer, !clearsBuffer { warn(history.health.mayBuffer(camera: modelName)) }
    warn(
      history.health.take(identity.captureTarget, camera: modelName)
        + history.health.take(status, camera: modelName))
    try await frames.connected(
      clock: clock, inventsEvents: identity.inventsEvents, deletes: clearing != nil)
    worker.send(.list)
  }

  /// What is shot from now on is not missed.
  private func listingIsComplete() {
    guard !isListed, let frames, let identity, let status else { return }
    isListed = true
    let since = seat.pluggedAt ?? started
    seat.settle()
    surroundings.emit(
      .cameraConnected(
        TetheredCamera(
          camera: frames.camera, model: DisplayName.of(identity.model), serial: identity.serial, port: port,
          status: status, readyAfter: .now - since)))
  }

  private var modelName: String { identity.map { DisplayName.of($0.model) } ?? "The camera" }

  private func warn(_ code: String, _ message: String) {
    surroundings.emit(.warning(code: code, message: message))
  }

  private func warn(_ warnings: [CameraHealth.Warning]) {
    for warning in warnings { warn(warning.code, warning.message) }
  }
}
