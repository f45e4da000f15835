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
    let limits: WorkerLimits
    let room: SpoolRoom?
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
  private let number: Int
  /// By camera: another one may sit here now.
  private var plans: [String: FetchPlan] = [:]
  private var plan: FetchPlan {
    get { plans[connection.camera] ?? FetchPlan(link: number) }
    set { plans[connection.camera] = newValue }
  }
  private var lastComplaint: CameraLoss?
  /// The camera that was connected last, as the journal calls it; `nil` before the first.
  private(set) var camera: String?
  /// Whether the camera was connected to the end, and nothing that it had to tell was left out.
  private(set) var leftInOrder = false
  private var health = CameraHealth()
  /// How the worker is to be judged: while it is not connected its listing does not count as complete.
  private var connection: Connection

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
    /// Whether the worker was told to end because it has grown.
    var isRecycled = false
    /// When its memory is looked at next.
    var nextLook: ContinuousClock.Instant
    /// What has been asked for and is not written down yet.
    var unrecorded: [OwedObject] = []
    var saidNonsense = false
    /// Whether the worker ended with nothing left to tell.
    var isInOrder = false
    /// What was told of marks before the frame was safe.
    var marks: [SourceObject: FrameMark] = [:]
    /// Announced and wanted, and not answered yet.
    var unanswered: Set<UInt64> = []
    var clearing: CardClearing?
    var clock: CameraClock?

    init(_ limits: WorkerLimits) { nextLook = .now + limits.shortestLife }
  }

  /// How long a worker may take to say its first word, and between two reports unless it says otherwise.
  private static let patience = Duration.seconds(30)
  /// SIGTERM to the end is 5 s at most (contract.md); the rest needs some of it.
  private static let stopPatience = Duration.milliseconds(3500)
  /// What a worker has left to do when its camera is gone: to bring what it has read to disk.
  private static let unpluggedPatience = Duration.seconds(2)

  /// - Parameter number: what tells this link from others of the run.
  init(
    seat: CameraSeat, at port: CameraPort, number: Int, surroundings: Surroundings, stop: StopSignal
  ) {
    self.seat = seat
    self.port = port
    self.number = number
    self.surroundings = surroundings
    self.stop = stop
    connection = Connection(surroundings.limits)
  }

  /// Runs until the stop is requested or the task is cancelled.
  /// - Parameter outcome: told after each connection, or try at one, how it ended and whether it had come about.
  ///   Answers whether a try that failed is worth a person's attention.
  /// - Throws: `JournalError` when the journal takes no more.
  func run(outcome: (_ loss: CameraLoss, _ hadConnected: Bool) throws -> Bool) async throws {
    var pause = Duration.milliseconds(500)
    while !stop.isRequested, !Task.isCancelled, let place = await seat.camera(until: stop) {
      port = place
      let loss = try await connect()
      let hadConnected = connection.identity != nil
      plan.forgetNumbers(wasWanted: connection.isRecycled || stop.isRequested)
      leftInOrder =
        stop.isRequested && connection.isListed && connection.isInOrder
        && plans.values.allSatisfy { $0.count == 0 }
      guard !stop.isRequested, !Task.isCancelled else { break }
      // The camera is where it was; nobody needs to know.
      if connection.isRecycled { continue }
      if hadConnected {
        surroundings.emit(.cameraLost(camera: connection.camera, loss))
        pause = .milliseconds(500)
        lastComplaint = nil
      }
      if try outcome(loss, hadConnected), !hadConnected, lastComplaint != loss {
        surroundings.emit(.warning(code: loss.code.rawValue, message: loss.message))
        lastComplaint = loss
      }
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
    connection = Connection(surroundings.limits)
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
        case .worker(.report(let report)):
          do {
            try await take(report, from: worker)
          } catch let error as JournalError where error.code == .full {
            // The camera keeps its frames; when there is room for the journal again, all is asked for anew.
            connection.loss = CameraLoss(
              code: .noRoom, message: "The journal's disk is full: \(error.message)")
            worker.kill()
          }
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
        let asked = ask(worker, onlyMemory: connection.stopDeadline != nil || connection.isRecycled)
        // What is wanted but held back is answered too: the worker need not wait for it. A fetch may still follow.
        for id in connection.unanswered.subtracting(asked) { worker.send(.skip(object: id)) }
        connection.unanswered = []
        // After the worker was asked: the camera need not wait for our disk.
        try await recordWanted()
      }
      return connection.loss ?? CameraLoss(code: .stopped, message: "Stopped.")
    }
  }

  private func look(after worker: WorkerProcess) {
    let now = ContinuousClock.now
    if connection.deadline < now {
      connection.loss = CameraLoss(
        code: .workerHung,
        message: "The process for the camera at \(port) said nothing for too long, and was ended.")
      worker.kill()
    }
    if let deadline = connection.stopDeadline, deadline < now { worker.kill() }
    if connection.nextLook < now, !connection.isRecycled, connection.isListed {
      connection.nextLook = now + .seconds(5)
      guard let memory = worker.memory, memory > surroundings.limits.memory else { return }
      surroundings.logger.notice("a worker has grown and is replaced", metadata: ["bytes": "\(memory)"])
      connection.isRecycled = true
      connection.stopDeadline = now + .seconds(60)
      worker.send(.stop)
    }
  }

  /// - Returns: the objects that it was asked for.
  private func ask(_ worker: WorkerProcess, onlyMemory: Bool) -> [UInt64] {
    let now = Date()
    let wanted = plan.next(now: now, onlyMemory: onlyMemory) { bytes, underWay in
      surroundings.room?.admits(bytes, beside: underWay) ?? true
    }
    for frame in wanted {
      guard let id = frame.id else { continue }
      worker.send(.fetch(object: id, day: Self.day(now), inOnePiece: frame.inOnePiece))
    }
    return wanted.compactMap(\.id)
  }

  private func recordWanted() async throws(JournalError) {
    guard !connection.unrecorded.isEmpty else { return }
    let owed = connection.unrecorded
    connection.unrecorded = []
    do {
      try await surroundings.journal.recordOwed(
        owed, source: connection.camera, session: surroundings.session)
    } catch  where error.code == .full {
      // They are on the card, and wanted for as long as we live; what needs room to become safe will say so.
      connection.unrecorded = owed
    }
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
    case .marked(let object, let mark): try await marked([object.source: mark])
    case .progress(let id, let bytes):
      if let wanted = plan[id] {
        plan.note(progress: bytes, of: id)
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
    case .stopped(let inOrder): connection.isInOrder = inOrder
    case .warning(let code, let message):
      surroundings.emit(.warning(code: String(code.prefix(64)), message: DisplayName.line(message)))
    }
    // A promise of patience holds until the next one; other reports only prove life.
    let deadline = ContinuousClock.now + min(patience, surroundings.limits.silence)
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
    if camera != connection.camera { plan = FetchPlan(link: number) }
    camera = connection.camera
    connection.clock = try await CameraClock(
      camera: connection.camera, model: modelName, care: surroundings.care, journal: surroundings.journal,
      emit: surroundings.emit)
    if surroundings.care.deletesDelivered {
      connection.clearing = CardClearing(
        journal: surroundings.journal, camera: connection.camera, pause: surroundings.care.deletionPause,
        emit: surroundings.emit)
    }
    warn(health.take(identity.captureTarget, camera: modelName) + health.take(status, camera: modelName))
    let owed = try await surroundings.journal.owed(in: surroundings.session, source: connection.camera)
    for wanted in plan.restore(
      owed.filter { surroundings.catchUp != .none || !$0.isCatchUp }, camera: connection.camera)
    {
      tellCaptured(wanted)
    }
    worker.send(.list)
  }

  private var modelName: String { connection.identity.map { DisplayName.of($0.model) } ?? "The camera" }

  private func warn(_ warnings: [CameraHealth.Warning]) {
    for warning in warnings { surroundings.emit(.warning(code: warning.code, message: warning.message)) }
  }

  private func appeared(_ object: CameraObject, _ worker: WorkerProcess) async throws {
    let source = object.source
    connection.clearing?.saw(source, id: object.id)
    guard isPlausible(object), Self.isWanted(object) else {
      worker.send(.skip(object: object.id))
      return
    }
    // What lies in the camera's memory has a name that the library made up, and may have been taken under it before.
    let known =
      source.isInCameraMemory
      ? nil : try await surroundings.journal.dispositions(of: [source], source: connection.camera)[source]
    // A frame that is announced may have come into the baseline's listing too; but not where the driver learns of news
    // from listings: there it has found anew what was there before.
    let isNews = known == nil || known == .baseline && connection.identity?.inventsEvents == false
    guard isNews else {
      worker.send(.skip(object: object.id))
      return
    }
    want(object, source, isCatchUp: false)
    connection.unanswered.insert(object.id)
  }

  private func isPlausible(_ object: CameraObject) -> Bool {
    if object.isPlausible { return true }
    if !connection.saidNonsense {
      connection.saidNonsense = true
      surroundings.emit(
        .warning(
          code: "worker_nonsense",
          message:
            "The camera \(connection.camera) has a file with a name or a length that cannot be; left alone."))
    }
    return false
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
    guard
      let new = plan.add(
        source, id: object.id, mediaType: object.mediaType, camera: connection.camera, isCatchUp: isCatchUp,
        now: Date())
    else { return }
    if !new.isInMemory {
      connection.unrecorded.append(
        OwedObject(
          object: source, mediaType: object.mediaType, isCatchUp: isCatchUp, seenAt: new.seenAt))
    }
    tellCaptured(new)
  }

  private func tellCaptured(_ wanted: FetchPlan.Wanted) {
    surroundings.emit(
      .frameCaptured(
        CapturedFrame(
          capture: wanted.capture, camera: connection.camera, name: DisplayName.of(wanted.object.name),
          bytes: wanted.object.bytes, announcedAt: wanted.seenAt, isCatchUp: wanted.isCatchUp)))
  }

  private func listed(_ objects: [CameraObject], isComplete: Bool) async throws {
    let pictures = objects.filter { isPlausible($0) && Self.isWanted($0) }
      .map { (object: $0, source: $0.source) }
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
    let missing = plan.removeMissing()
    try await surroundings.journal.forgetOwed(missing.map(\.object), source: connection.camera)
    for missing in missing {
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
    let safe = SafeOriginal(
      original: original, source: connection.camera, object: wanted.object, announcedAt: wanted.seenAt,
      clock: connection.clock?.captureClock(of: wanted.object),
      isToLeaveCard: surroundings.care.deletesDelivered && !wanted.isInMemory && isOfSession(wanted),
      mark: mark)
    guard let (frame, isNew) = try await record(safe, of: id, isOnlyCopy: wanted.isInMemory) else { return }
    plan.settle(id)
    surroundings.emit(
      .frameSafe(
        SafeFrame(
          id: frame.id, frame: frame.hash, capture: wanted.capture, camera: connection.camera, name: name,
          bytes: bytes,
          sha256: hash, isNew: isNew, announcedAt: wanted.seenAt)))
  }

  /// Whether an object was certainly shot since the session began: announced as new; or missed, and newer by the
  /// camera's clock. A card with old frames may have been put in.
  private func isOfSession(_ wanted: FetchPlan.Wanted) -> Bool {
    guard wanted.isCatchUp else { return true }
    guard let time = connection.clock?.time(of: wanted.object) else { return false }
    return time >= surroundings.session.startedAt - CameraClock.accuracy
  }

  /// - Returns: `nil` if the journal's disk is full; then it is fetched again later.
  private func record(
    _ safe: SafeOriginal, of id: UInt64, isOnlyCopy: Bool
  ) async throws -> (frame: Frame, isNew: Bool)? {
    do {
      return try await surroundings.journal.recordSafe(
        safe, session: surroundings.session, albums: surroundings.albums, policy: surroundings.policy)
    } catch  where error.code == .full {
      // The file is of no use to anybody while the journal does not know it, unless it is the only copy: then the
      // next start adopts it.
      if !isOnlyCopy { await surroundings.journal.spool.discard(safe.original.path) }
      try await failed(id, FetchFailure(code: .diskFull, message: error.message))
      return nil
    }
  }

  private func failed(_ id: UInt64, _ failure: FetchFailure) async throws {
    guard let wanted = plan[id] else { return }
    let name = DisplayName.of(wanted.object.name)
    let message = DisplayName.line(failure.message)
    // What came short from the camera's memory comes no better a second time: perhaps the card has it.
    guard failure.isRetryable, !(wanted.isInMemory && failure.code == .wrongLength) else {
      plan.settle(id)
      if failure.code != .gone, !wanted.isInMemory {
        try await surroundings.journal.recordRefused(
          wanted.object, source: connection.camera, session: surroundings.session)
      }
      if failure.code == .gone {
        try await surroundings.journal.forgetOwed([wanted.object], source: connection.camera)
      }
      surroundings.emit(
        .warning(code: "frame_\(failure.code.rawValue)", message: "\(name) was not taken. \(message)"))
      return
    }
    let tries = plan.postpone(id, now: Date())
    if failure.code == .diskFull, let room = surroundings.room {
      // The gate says so, once for all frames.
      room.refused(wanted.object.bytes)
      return
    }
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
