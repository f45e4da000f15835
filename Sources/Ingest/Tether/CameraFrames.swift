import Foundation
import Journal
import Model

/// One camera's frames until they are safe: which of its objects are wanted, what was said of them, and what becomes
/// of what a worker brings. Outlives the workers, and is used in its link's one task.
final class CameraFrames {
  /// What the journal calls the camera.
  let camera: String
  private let surroundings: CameraLink.Surroundings
  private let intake: FrameIntake
  private var plan: FetchPlan
  private var connection = Connection()
  /// Whom it was said of that they wait for room.
  private var saidTooLarge: Set<SourceObject> = []

  /// What only holds for as long as a worker lives.
  private struct Connection {
    var clock: CameraClock?
    var inventsEvents = false
    /// Whether what is safe is to go from the camera: from its card once it is delivered, from its buffer now.
    var deletes = false
    var hasBaseline = false
    var firstListing: [SourceObject] = []
    /// How many frames from before the session later listings showed.
    var older = 0
    /// What has been asked for and is not written down yet.
    var unrecorded: [OwedObject] = []
    var saidNonsense = false
    /// What was told of marks before the frame was safe.
    var marks: [SourceObject: FrameMark] = [:]
    /// Announced and wanted, and not answered yet.
    var unanswered: Set<UInt64> = []
  }

  /// - Parameter link: what tells captures of one link from those of others for the same camera.
  init(camera: String, link: Int, surroundings: CameraLink.Surroundings) {
    self.camera = camera
    self.surroundings = surroundings
    intake = FrameIntake(camera: camera, surroundings: surroundings)
    plan = FetchPlan(link: link)
  }

  /// Whether nothing is known that is not safe.
  var isEmpty: Bool { plan.count == 0 }

  /// How many frames are owed that the camera has not got, as far as anybody can tell.
  var asideCount: Int { plan.asideCount }

  /// Whether something is wanted that only the camera's memory has, and loses when the connection ends.
  var hasMemoryFrames: Bool { plan.hasMemoryFrames }

  // MARK: The worker

  /// A worker has the camera now.
  /// - Parameter deletes: whether what is safe is to go from the camera, when it may.
  /// - Throws: `JournalError`.
  func connected(clock: CameraClock, inventsEvents: Bool, deletes: Bool) async throws {
    connection = Connection(clock: clock, inventsEvents: inventsEvents, deletes: deletes)
    connection.hasBaseline = try await surroundings.journal.hasBaseline(surroundings.session, source: camera)
    let owed = try await surroundings.journal.owed(in: surroundings.session, source: camera)
    plan.restore(owed.filter { surroundings.catchUp != .none || !$0.isCatchUp }, camera: camera)
  }

  /// The worker has ended.
  /// - Parameter wasWanted: whether it was us who ended it.
  func workerIsGone(wasWanted: Bool) { plan.forgetNumbers(wasWanted: wasWanted) }

  /// Asks for what is to be fetched now, answers what was announced, and writes down what is wanted.
  /// - Parameter onlyMemory: whether only what lies in the camera's memory is asked for.
  /// - Throws: `JournalError`.
  func ask(_ worker: WorkerProcess, onlyMemory: Bool) async throws(JournalError) {
    let now = Date()
    var tooLarge: [(FetchPlan.Wanted, room: Int64)] = []
    let wanted = plan.next(now: now, onlyMemory: onlyMemory) { candidate, underWay in
      switch surroundings.room?.admits(max(0, candidate.object.bytes), beside: underWay) ?? .comeIn {
      case .comeIn: return true
      case .wait: return false
      case .tooLarge(let room):
        tooLarge.append((candidate, room))
        return false
      }
    }
    for (frame, room) in tooLarge where saidTooLarge.insert(frame.object).inserted {
      warn(
        "frame_noRoom",
        "There is no room for \(DisplayName.of(frame.object.name)) (\(frame.object.bytes >> 20) MiB; there are "
          + "\(room >> 20) MiB for new frames). It waits on the card until there is; others are taken.")
    }
    for frame in wanted {
      guard let id = frame.id else { continue }
      worker.send(.fetch(object: id, day: CameraLink.day(now), inOnePiece: frame.inOnePiece))
    }
    // What is wanted but held back is answered too: the worker need not wait for it. A fetch may still follow.
    for id in connection.unanswered.subtracting(wanted.compactMap(\.id)) { worker.send(.skip(object: id)) }
    connection.unanswered = []
    // After the worker was asked: the camera need not wait for our disk.
    try await recordWanted()
  }

  private func recordWanted() async throws(JournalError) {
    guard !connection.unrecorded.isEmpty else { return }
    let owed = connection.unrecorded
    connection.unrecorded = []
    do {
      try await surroundings.journal.recordOwed(owed, source: camera, session: surroundings.session)
    } catch  where error.code == .full {
      // They are on the card, and wanted for as long as we live; what needs room to become safe will say so.
      connection.unrecorded = owed
    }
  }

  // MARK: What is on the camera

  /// The camera announced an object.
  /// - Returns: whether it is wanted; `ask` answers the worker then.
  func appeared(_ object: CameraObject) async throws -> Bool {
    let source = object.source
    guard isPlausible(object), CameraLink.isWanted(object) else { return false }
    // What lies in the camera's memory has a name that the library made up, and may have been taken under it before.
    let known =
      source.isInCameraMemory
      ? nil
      : try await surroundings.journal.dispositions(
        of: [source], source: camera, session: surroundings.session)[source]
    // A frame that is announced may have come into the baseline's listing too; but not where the driver learns of news
    // from listings: there it has found anew what was there before.
    guard known == nil || known == .baseline && !connection.inventsEvents else { return false }
    want(object, source, isCatchUp: false)
    connection.unanswered.insert(object.id)
    return true
  }

  private func isPlausible(_ object: CameraObject) -> Bool {
    if object.isPlausible { return true }
    if !connection.saidNonsense {
      connection.saidNonsense = true
      warn(
        "worker_nonsense",
        "The camera \(camera) has a file with a name or a length that cannot be; left alone.")
    }
    return false
  }

  /// Takes marks: of frames that are safe into the journal, which may send them now; of others until they are.
  func marked(_ marks: [SourceObject: FrameMark]) async throws {
    for (object, mark) in marks where plan.contains(object) {
      connection.marks[object] = mark.filled(from: connection.marks[object] ?? FrameMark())
    }
    _ = try await surroundings.journal.note(
      marks, source: camera, albums: surroundings.albums, policy: surroundings.policy)
  }

  private func want(_ object: CameraObject, _ source: SourceObject, isCatchUp: Bool) {
    if object.isProtected { connection.marks[source] = FrameMark(isProtected: true) }
    guard
      let new = plan.add(
        source, id: object.id, mediaType: object.mediaType, camera: camera, isCatchUp: isCatchUp, now: Date())
    else { return }
    if !new.isInMemory {
      connection.unrecorded.append(
        OwedObject(object: source, mediaType: object.mediaType, isCatchUp: isCatchUp, seenAt: new.seenAt))
    }
    tellCaptured(new)
  }

  private func tellCaptured(_ wanted: FetchPlan.Wanted) {
    surroundings.emit(
      .frameCaptured(
        CapturedFrame(
          capture: wanted.capture, camera: camera, name: DisplayName.of(wanted.object.name),
          bytes: wanted.object.bytes, announcedAt: wanted.seenAt, isCatchUp: wanted.isCatchUp)))
  }

  /// A listing showed objects.
  /// - Parameter isComplete: whether these were the last.
  func listed(_ objects: [CameraObject], isComplete: Bool) async throws {
    let pictures = objects.filter { isPlausible($0) && CameraLink.isWanted($0) }
      .map { (object: $0, source: $0.source) }
    let isBaseline = surroundings.catchUp == .session && !connection.hasBaseline
    var known: [SourceObject: Disposition] = [:]
    if !isBaseline, surroundings.catchUp != .none {
      known = try await surroundings.journal.dispositions(
        of: pictures.map(\.source), source: camera, session: surroundings.session)
    }
    var older: [SourceObject] = []
    for (object, source) in pictures {
      if plan.contains(source) {
        want(object, source, isCatchUp: false)
      } else if isBaseline {
        connection.firstListing.append(source)
      } else if surroundings.catchUp == .all {
        if known[source] == nil || known[source] == .baseline { want(object, source, isCatchUp: true) }
      } else if surroundings.catchUp == .session, known[source] == nil {
        if isOlderThanSession(source) { older.append(source) } else { want(object, source, isCatchUp: true) }
      }
    }
    if !older.isEmpty {
      try await surroundings.journal.recordBaseline(older, source: camera, session: surroundings.session)
      connection.older += older.count
    }
    let protected = pictures.filter(\.object.isProtected).map { ($0.source, FrameMark(isProtected: true)) }
    if !protected.isEmpty { try await marked(Dictionary(protected) { first, _ in first }) }
    guard isComplete else { return }
    if isBaseline { try await recordBaseline() }
    tellOlder()
    giveUpMissing()
  }

  /// Whether the camera's clock says for certain that an object is from before the session: a card that was put in
  /// meanwhile may have another event's frames. Where nobody knows how the clock goes, it does not.
  private func isOlderThanSession(_ object: SourceObject) -> Bool {
    guard let time = connection.clock?.time(of: object) else { return false }
    return time < surroundings.session.startedAt - CameraClock.accuracy
  }

  private func tellOlder() {
    guard connection.older > 0 else { return }
    warn(
      "older_frames",
      "A card of \(camera) has \(connection.older) \(connection.older == 1 ? "picture" : "pictures") from before this session: "
        + "left alone. `--catch-up all` takes them too.")
    connection.older = 0
  }

  private func recordBaseline() async throws {
    // What was announced while the listing ran is not what was there before.
    let before = connection.firstListing.filter { !plan.contains($0) }
    try await surroundings.journal.recordBaseline(before, source: camera, session: surroundings.session)
    connection.firstListing = []
    connection.hasBaseline = true
  }

  private func giveUpMissing() {
    let missing = plan.setMissingAside()
    for lost in missing where lost.isInMemory {
      warn(
        "frame_gone",
        "\(DisplayName.of(lost.object.name)) was announced by \(camera), which has it no longer.")
    }
    let names = missing.filter { !$0.isInMemory }.map { DisplayName.of($0.object.name) }
    guard let first = names.first else { return }
    let which =
      names.count == 1 ? "\(first) is" : "\(names.count) pictures (\(first) to \(names[names.count - 1])) are"
    warn(
      "frame_gone",
      "\(which) known and not on \(camera) any more: deleted there, or on a card that was taken out. With that card back "
        + "they are fetched.")
  }

  // MARK: What is fetched

  /// So much of an object has come.
  func progressed(_ id: UInt64, bytes: Int64) {
    guard let wanted = plan[id] else { return }
    plan.note(progress: bytes, of: id)
    surroundings.emit(.frameProgress(capture: wanted.capture, bytes: bytes, of: wanted.object.bytes))
  }

  /// The worker has brought an object.
  func fetched(_ id: UInt64, _ file: FetchedFile) async throws {
    guard let wanted = plan[id] else { return }
    let mark = connection.marks[wanted.object] ?? FrameMark()
    switch try await intake.take(
      file, of: wanted, mark: mark, clock: connection.clock, deletes: connection.deletes)
    {
    case .safe(let frame):
      connection.marks[wanted.object] = nil
      plan.settle(id)
      surroundings.emit(.frameSafe(frame))
    case .nonsense:
      warn("worker_nonsense", "The worker says of \(DisplayName.of(wanted.object.name)) what cannot be.")
      _ = plan.postpone(id, now: Date())
    case .noRoom(let message):
      try await failed(id, FetchFailure(code: .diskFull, message: message))
    }
  }

  /// The worker could not bring an object.
  func failed(_ id: UInt64, _ failure: FetchFailure) async throws {
    guard let wanted = plan[id] else { return }
    let name = DisplayName.of(wanted.object.name)
    let message = DisplayName.line(failure.message)
    if failure.code == .gone, !wanted.isInMemory {
      // ptp2 says so too of what it could not look up, since the camera was busy or a card came or went. The worker lists
      // all on a new connection, and that tells.
      if plan.lose(id, now: Date()) == 4 {
        warn("frame_camera", "\(name) is not safe yet: the camera lists it, and does not find it. \(message)")
      }
      return
    }
    // What came short from the camera's memory comes no better a second time: perhaps the card has it.
    guard failure.isRetryable, !(wanted.isInMemory && failure.code == .wrongLength) else {
      plan.settle(id)
      if !wanted.isInMemory {
        try await surroundings.journal.recordRefused(
          wanted.object, source: camera, session: surroundings.session)
      }
      warn("frame_\(failure.code.rawValue)", "\(name) was not taken. \(message)")
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
      warn(
        "frame_\(failure.code.rawValue)",
        "\(name) is not safe yet; it is on the card, and tried again. \(message)")
    }
  }

  private func warn(_ code: String, _ message: String) {
    surroundings.emit(.warning(code: code, message: message))
  }
}
