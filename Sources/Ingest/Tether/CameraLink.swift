import Foundation
import GPhoto
import Journal
import Logging
import Model
import Pictures
import SystemPackage

/// Keeps one camera tethered: a worker for as long as the camera is there, a new one after every loss.
///
/// Only this side writes the journal. Everything happens in one task, in the order in which it comes.
final class CameraLink {
  /// What the link needs from `tether`.
  struct Surroundings: Sendable {
    let journal: Journal
    let session: Session
    let albums: [String]
    let policy: SendingPolicy
    let catchUp: CatchUp
    let executable: FilePath
    let settings: FilePath
    let takesOver: Bool
    let care: CameraCare
    let logger: Logger
    let emit: @Sendable (TetherEvent) -> Void
  }

  private enum Input: Sendable {
    case worker(WorkerProcess.Message)
    case tick
    case moved
    case stop
  }

  private let seat: CameraSeat
  /// Where the camera is, or was last.
  private var port: CameraPort
  private let surroundings: Surroundings
  private let stop: StopSignal
  /// By camera: another one may sit here now.
  private var plans: [String: FetchPlan] = [:]
  private var plan: FetchPlan {
    get { plans[connection.camera] ?? FetchPlan() }
    set { plans[connection.camera] = newValue }
  }
  private var lastComplaint: CameraLoss?
  private var health = CameraHealth()
  /// How the worker is to be judged: while it is not connected its listing does not count as complete.
  private var connection = Connection()

  private struct Connection {
    var identity: WorkerIdentity?
    var status: CameraStatus?
    var camera = ""
    var hasBaseline = false
    var isListed = false
    var firstListing: [SourceObject] = []
    var loss: CameraLoss?
    let started = ContinuousClock.now
    var deadline = ContinuousClock.now + .seconds(30)
    var stopDeadline: ContinuousClock.Instant?
    /// What was told of marks before the frame was safe.
    var marks: [SourceObject: FrameMark] = [:]
    /// Announced and wanted, and not answered yet.
    var unanswered: Set<UInt64> = []
    var clearing: CardClearing?
    var clock: CameraClock?
  }

  /// How long a worker may take to say its first word, and between two reports unless it says otherwise.
  private static let patience = Duration.seconds(30)
  /// SIGTERM to the end is 5 s at most (contract.md); the rest needs some of it.
  private static let stopPatience = Duration.milliseconds(3500)
  /// What a worker has left to do when its camera is gone: to bring what it has read to disk.
  private static let unpluggedPatience = Duration.seconds(2)

  init(seat: CameraSeat, at port: CameraPort, surroundings: Surroundings, stop: StopSignal) {
    self.seat = seat
    self.port = port
    self.surroundings = surroundings
    self.stop = stop
  }

  /// How many announced frames are not safe.
  var unfetched: Int { plans.values.reduce(0) { $0 + $1.count } }

  /// Runs until the stop is requested or the task is cancelled.
  /// - Parameter outcome: told after each connection, or try at one, how it ended and whether it had come about.
  /// - Throws: `JournalError` when the journal takes no more.
  func run(outcome: (_ loss: CameraLoss, _ hadConnected: Bool) throws -> Void) async throws {
    var pause = Duration.milliseconds(500)
    while !stop.isRequested, !Task.isCancelled, let place = await seat.camera(until: stop) {
      port = place
      let loss = try await connect()
      let hadConnected = connection.identity != nil
      plan.forgetNumbers()
      guard !stop.isRequested, !Task.isCancelled else { break }
      if hadConnected {
        surroundings.emit(.cameraLost(camera: connection.camera, loss))
        pause = .milliseconds(500)
        lastComplaint = nil
      } else if lastComplaint != loss {
        surroundings.emit(.warning(code: loss.code.rawValue, message: loss.message))
        lastComplaint = loss
      }
      try outcome(loss, hadConnected)
      // One that is somewhere else now is looked for there at once.
      guard seat.port == port else { continue }
      pause = await rest(pause) ? min(pause * 2, .seconds(5)) : .milliseconds(500)
    }
  }

  /// Waits, no longer than until the stop, or until the camera is moved or to be tried again.
  /// - Returns: whether the pause was over.
  private func rest(_ pause: Duration) async -> Bool {
    let (stream, continuation) = AsyncStream<Void>.makeStream()
    let stopped = stop.listen { continuation.finish() }
    let moved = seat.listen { continuation.finish() }
    defer {
      stop.forget(stopped)
      seat.forget(moved)
    }
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

  /// One worker's life.
  /// - Returns: how it ended.
  private func connect() async throws -> CameraLoss {
    connection = Connection()
    let (inputs, continuation) = AsyncStream<Input>.makeStream()
    let worker = WorkerProcess(
      arguments: [
        surroundings.executable.string, "camera-worker", "--port", port.description, "--spool",
        surroundings.journal.spool.root.string, "--settings", surroundings.settings.string,
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
      group.addTask {
        while !Task.isCancelled {
          try await Task.sleep(for: .milliseconds(200))
          continuation.yield(.tick)
        }
      }
      defer { group.cancelAll() }
      for await input in inputs {
        switch input {
        case .worker(.report(let report)): try await take(report, from: worker)
        case .worker(.nonsense(let what)):
          connection.loss = CameraLoss(
            code: .workerDied, message: "The process for the camera at \(port) spoke nonsense (\(what)).")
        case .worker(.ended(let how)):
          return connection.loss
            ?? CameraLoss(
              code: stop.isRequested ? .stopped : .workerDied,
              message: "The process for the camera at \(port) ended: \(how).")
        case .tick:
          look(after: worker)
          if plan.count == 0, connection.isListed, connection.stopDeadline == nil {
            for command in try await connection.clearing?.step() ?? [] { worker.send(command) }
          }
        case .moved:
          guard seat.port != port else { continue }
          connection.loss = .unplugged(port)
          connection.stopDeadline = connection.stopDeadline ?? .now + Self.unpluggedPatience
        case .stop:
          worker.send(.stop)
          connection.stopDeadline = .now + Self.stopPatience
        }
        let asked = connection.stopDeadline == nil ? ask(worker) : []
        // What is wanted but held back is answered too: the worker need not wait for it. A fetch may still follow.
        for id in connection.unanswered.subtracting(asked) { worker.send(.skip(object: id)) }
        connection.unanswered = []
      }
      return connection.loss ?? CameraLoss(code: .stopped, message: "Stopped.")
    }
  }

  private func look(after worker: WorkerProcess) {
    if connection.deadline < .now {
      connection.loss = CameraLoss(
        code: .workerHung,
        message: "The process for the camera at \(port) said nothing for too long, and was ended.")
      worker.kill()
    }
    if let deadline = connection.stopDeadline, deadline < .now { worker.kill() }
  }

  /// - Returns: the objects that it was asked for.
  private func ask(_ worker: WorkerProcess) -> [UInt64] {
    let now = Date()
    let ids = plan.next(now: now).compactMap(\.id)
    for id in ids { worker.send(.fetch(object: id, day: Self.day(now))) }
    return ids
  }

  // MARK: Reports

  private func take(_ report: WorkerReport, from worker: WorkerProcess) async throws {
    var patience = Self.patience
    switch report {
    case .hello(let version):
      guard version == WorkerProtocol.version else {
        connection.loss = CameraLoss(
          code: .workerDied, message: "The worker is of another version (\(version)).")
        worker.kill()
        return
      }
    case .alive(let seconds): patience = .seconds(min(max(1, seconds), 600))
    case .connected(let identity, let status): try await connected(identity, status, worker)
    case .appeared(let object): try await appeared(object, worker)
    case .listed(let objects, let isComplete): try await listed(objects, isComplete: isComplete)
    case .marked(let object, let mark): try await marked([Self.source(object): mark])
    case .progress(let id, let bytes):
      if let wanted = plan[id] {
        surroundings.emit(.frameProgress(capture: wanted.capture, bytes: bytes, of: wanted.object.bytes))
      }
    case .fetched(let id, let path, let bytes, let hash):
      try await fetched(id, path: FilePath(path), bytes: bytes, hash: hash)
    case .failed(let id, let failure): try await failed(id, failure)
    case .status(let status):
      connection.status = status
      surroundings.emit(.cameraStatus(camera: connection.camera, status))
      warn(health.take(status, camera: modelName))
    case .clock(let reading):
      if let zone = try await connection.clock?.take(reading) { worker.send(.setClock(zone: zone)) }
    case .clockNotSet:
      surroundings.emit(
        .warning(
          code: "clock_not_set",
          message: "The clock of \(modelName) cannot be set from here: set it in the camera's menu."))
    case .erased(let id): try await connection.clearing?.erased(id)
    case .spared(let id, let reason): try await connection.clearing?.spared(id, reason)
    case .checked: break
    case .lost(let loss): connection.loss = connection.loss ?? loss
    case .warning(let code, let message):
      surroundings.emit(.warning(code: String(code.prefix(64)), message: DisplayName.line(message)))
    }
    // A promise of patience holds until the next one; other reports only prove life.
    let deadline = ContinuousClock.now + patience
    if case .alive = report {
      connection.deadline = deadline
    } else {
      connection.deadline = max(deadline, connection.deadline)
    }
  }

  private func connected(_ identity: WorkerIdentity, _ status: CameraStatus, _ worker: WorkerProcess)
    async throws
  {
    connection.identity = identity
    connection.status = status
    connection.camera = Self.name(of: identity, port: port)
    connection.hasBaseline = try await surroundings.journal.hasBaseline(
      surroundings.session, source: connection.camera)
    connection.clock = try await CameraClock(
      camera: connection.camera, model: modelName, care: surroundings.care, journal: surroundings.journal,
      emit: surroundings.emit)
    if surroundings.care.deletesDelivered {
      connection.clearing = CardClearing(
        journal: surroundings.journal, camera: connection.camera, pause: surroundings.care.deletionPause,
        emit: surroundings.emit)
    }
    warn(health.take(identity.captureTarget, camera: modelName) + health.take(status, camera: modelName))
    worker.send(.list)
  }

  private var modelName: String { connection.identity.map { DisplayName.of($0.model) } ?? "The camera" }

  private func warn(_ warnings: [CameraHealth.Warning]) {
    for warning in warnings { surroundings.emit(.warning(code: warning.code, message: warning.message)) }
  }

  private func appeared(_ object: CameraObject, _ worker: WorkerProcess) async throws {
    let source = Self.source(object)
    connection.clearing?.saw(source, id: object.id)
    guard Self.isWanted(object) else {
      worker.send(.skip(object: object.id))
      return
    }
    let known = try await surroundings.journal.dispositions(of: [source], source: connection.camera)[source]
    guard known == nil || known == .baseline else {
      worker.send(.skip(object: object.id))
      return
    }
    want(object, source, isCatchUp: false)
    connection.unanswered.insert(object.id)
  }

  /// Takes marks: of frames that are safe into the journal, which may send them now; of others until they are.
  private func marked(_ marks: [SourceObject: FrameMark]) async throws {
    for (object, mark) in marks where plan.contains(object) {
      connection.marks[object] = mark.filled(from: connection.marks[object] ?? FrameMark())
    }
    _ = try await surroundings.journal.note(
      marks, source: connection.camera, albums: surroundings.albums, policy: surroundings.policy)
  }

  private func want(_ object: CameraObject, _ source: SourceObject, isCatchUp: Bool) {
    if object.isProtected { connection.marks[source] = FrameMark(isProtected: true) }
    let now = Date()
    guard
      let new = plan.add(
        source, id: object.id, mediaType: object.mediaType, camera: connection.camera, isCatchUp: isCatchUp,
        now: now)
    else { return }
    surroundings.emit(
      .frameCaptured(
        CapturedFrame(
          capture: new.capture, camera: connection.camera, name: DisplayName.of(object.name),
          bytes: source.bytes,
          announcedAt: now, isCatchUp: isCatchUp)))
  }

  private func listed(_ objects: [CameraObject], isComplete: Bool) async throws {
    let pictures = objects.filter(Self.isWanted).map { (object: $0, source: Self.source($0)) }
    let isBaseline = surroundings.catchUp == .session && !connection.hasBaseline
    var known: [SourceObject: Disposition] = [:]
    if !isBaseline, surroundings.catchUp != .none {
      known = try await surroundings.journal.dispositions(
        of: pictures.map(\.source), source: connection.camera)
    }
    for (object, source) in pictures {
      connection.clearing?.saw(source, id: object.id)
      if plan.contains(source) {
        want(object, source, isCatchUp: false)
      } else if isBaseline {
        connection.firstListing.append(source)
      } else if surroundings.catchUp == .all {
        if known[source] == nil || known[source] == .baseline { want(object, source, isCatchUp: true) }
      } else if surroundings.catchUp == .session, known[source] == nil {
        want(object, source, isCatchUp: true)
      }
    }
    let protected = pictures.filter(\.object.isProtected).map { ($0.source, FrameMark(isProtected: true)) }
    if !protected.isEmpty { try await marked(Dictionary(protected) { first, _ in first }) }
    guard isComplete else { return }
    if isBaseline {
      // What was announced while the listing ran is not what was there before.
      let before = connection.firstListing.filter { !plan.contains($0) }
      try await surroundings.journal.recordBaseline(
        before, source: connection.camera, session: surroundings.session)
      connection.firstListing = []
      connection.hasBaseline = true
    }
    for missing in plan.removeMissing() {
      surroundings.emit(
        .warning(
          code: "frame_gone",
          message:
            "\(DisplayName.of(missing.object.name)) was announced by \(connection.camera), which has it no longer."
        ))
    }
    guard !connection.isListed, let identity = connection.identity, let status = connection.status else {
      return
    }
    connection.isListed = true
    let since = seat.pluggedAt ?? connection.started
    seat.settle()
    surroundings.emit(
      .cameraConnected(
        TetheredCamera(
          camera: connection.camera, model: DisplayName.of(identity.model), serial: identity.serial,
          port: port, status: status, readyAfter: .now - since)))
  }

  private func fetched(_ id: UInt64, path: FilePath, bytes: Int64, hash: ContentHash) async throws {
    guard let wanted = plan[id] else { return }
    let root = surroundings.journal.spool.root
    guard path.isAbsolute, path.lexicallyNormalized() == path, path.starts(with: root),
      bytes == wanted.object.bytes
    else {
      surroundings.emit(
        .warning(
          code: "worker_nonsense",
          message: "The worker says of \(DisplayName.of(wanted.object.name)) what cannot be."))
      _ = plan.postpone(id, now: Date())
      return
    }
    let name = DisplayName.of(wanted.object.name)
    let named = MediaType.forFile(named: name)
    let original = Original(
      hash: hash, name: name, mediaType: named == MediaType.unknown ? wanted.mediaType ?? named : named,
      bytes: bytes,
      path: path, isInPlace: false)
    var mark = connection.marks.removeValue(forKey: wanted.object) ?? FrameMark()
    // Where everything goes, the rating is read with the other facts, when the renditions are made.
    if mark.rating == nil, surroundings.policy.frames != .all {
      mark.rating = await FileRating.read(path.string)
    }
    let (frame, isNew) = try await surroundings.journal.recordSafe(
      SafeOriginal(
        original: original, source: connection.camera, object: wanted.object, announcedAt: wanted.seenAt,
        clock: connection.clock?.captureClock(of: wanted.object),
        isToLeaveCard: surroundings.care.deletesDelivered && wanted.object.folder != "/", mark: mark),
      session: surroundings.session, albums: surroundings.albums, policy: surroundings.policy)
    plan.settle(id)
    surroundings.emit(
      .frameSafe(
        SafeFrame(
          id: frame.id, frame: frame.hash, capture: wanted.capture, camera: connection.camera, name: name,
          bytes: bytes,
          sha256: hash, isNew: isNew, announcedAt: wanted.seenAt)))
  }

  private func failed(_ id: UInt64, _ failure: FetchFailure) async throws {
    guard let wanted = plan[id] else { return }
    let name = DisplayName.of(wanted.object.name)
    let message = DisplayName.line(failure.message)
    guard failure.isRetryable else {
      plan.settle(id)
      if failure.code != .gone {
        try await surroundings.journal.recordRefused(
          wanted.object, source: connection.camera, session: surroundings.session)
      }
      surroundings.emit(
        .warning(code: "frame_\(failure.code.rawValue)", message: "\(name) was not taken. \(message)"))
      return
    }
    let tries = plan.postpone(id, now: Date())
    // The disk is a person's business at once; a camera's hiccup only if it lasts.
    let complainAt = failure.code == .diskFull || failure.code == .disk ? 1 : 4
    if tries == complainAt {
      surroundings.emit(
        .warning(
          code: "frame_\(failure.code.rawValue)",
          message: "\(name) is not safe yet; it is on the card, and tried again. \(message)"))
    }
  }
}
