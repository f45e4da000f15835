import Foundation
import GPhoto
import Journal
import Model

/// What a worker does all day, on the one thread that may use libgphoto2: look for commands, for events, fetch, list,
/// in this order of importance, never longer than one chunk or one listing step away from the next look.
final class WorkerLoop {
  let held: WorkerCamera
  private let channel: WorkerChannel
  let writer: OriginalWriter
  let clock = ContinuousClock()
  lazy var upkeep = CameraUpkeep(held) { [unowned self] in report($0) }

  var objects = ObjectTable()
  var listing: ListingWalk?
  var listed: [CameraObject] = []
  /// The folders in which the last listing found nothing.
  var emptyFolders: Set<String> = []
  private var wanted = FetchQueue()
  /// Announced objects that the parent has not answered yet.
  private var unanswered: Set<UInt64> = []
  /// Announced and not safe, and only in the camera's memory, where the driver keeps two (libgphoto2#1051): no event
  /// is taken before they are in the spool.
  var inMemory: Set<UInt64> = []
  /// Announcements that only a new connection can tell the meaning of.
  var suspicious: Set<CameraPath> = []
  /// Announced files of which the camera could tell nothing: news when a listing shows them.
  var unexplained: Set<CameraPath> = []
  /// When the parent asked for an end.
  private var stoppingSince: ContinuousClock.Instant?
  private var hasEnded = false
  var erasures = ErasureQueue()

  var lastEvent: ContinuousClock.Instant
  private var lastReport: ContinuousClock.Instant
  private var lastLook: ContinuousClock.Instant
  var pace = ListingPace()
  /// What tells this camera from others in the names of parts.
  private var source = ""

  /// How long the parent is to wait for the next report in ordinary times, in seconds; and while the driver looks into a
  /// folder or connects (measured: 38 s for 766 files on some bodies), where its own patience is what counts
  /// (`WorkerLimits.silence`).
  static let patience = 30
  static let longPatience = WorkerProtocol.longestPatience
  /// How often the camera is asked for events while something is going on, after ten quiet seconds, and after thirty:
  /// each question costs processor time here and battery there (of Nikon's and Canon's ways about two transactions). The first
  /// frame after a rest is noticed a quarter of a second later by it. EOS bodies fall asleep when they are not asked for ten seconds.
  private static let activePace: Int32 = 10
  private static let quietPace: Int32 = 40
  private static let idlePace: Int32 = 500
  private static let aliveInterval = Duration.seconds(5)
  /// How often something else is looked after while a long file is fetched.
  private static let lookInterval = Duration.milliseconds(200)
  /// How long a file may go on after the parent asked for an end; the rest of it is fetched another time.
  private static let stopPatience = Duration.milliseconds(2500)
  /// A camera without events is listed this often.
  static let listingInterval = Duration.seconds(5)

  /// Connects.
  init(port: CameraPort, channel: WorkerChannel, writer: OriginalWriter) throws(GPhotoError) {
    self.channel = channel
    self.writer = writer
    lastEvent = clock.now
    lastReport = clock.now
    lastLook = clock.now
    channel.send(.alive(patience: Self.longPatience))
    // A chunk, a frame in the camera's memory or a long list is one call, and on a slow network a call of minutes.
    ReceptionSignal.shared.listen { channel.send(.receiving) }
    held = try WorkerCamera(port: port)
  }

  /// Runs until the parent wants no more, or is gone.
  /// - Throws: `GPhotoError` when the camera is lost.
  func run() throws(GPhotoError) {
    do {
      try greet()
      while try turn() {}
    } catch {
      if error.recovery == .reconnect { held.camera.resetPort() }
      throw error
    }
    writer.drain()
    if !hasEnded { report(.stopped(inOrder: try isInOrder())) }
    held.camera.close()
  }

  private func isInOrder() throws(GPhotoError) -> Bool {
    guard !held.isOutdated, !held.isBlind, suspicious.isEmpty, listing == nil, pace.last != nil else {
      return false
    }
    return try !upkeep.isInDoubt()
  }

  private func greet() throws(GPhotoError) {
    let identity = try held.identify()
    source = identity.serial ?? "\(identity.model) at \(identity.socket ?? held.port.description)"
    report(.connected(identity, try upkeep.begin()))
    report(.alive(patience: Self.patience))
    try upkeep.readClock()
  }

  /// One round.
  /// - Returns: `false` when it is over.
  private func turn() throws(GPhotoError) -> Bool {
    // The parent's answer about a frame comes before the next event and before anything slow.
    let isIdle =
      wanted.isEmpty && listing == nil || !unanswered.isEmpty || !inMemory.isEmpty && wanted.isEmpty
    listen(milliseconds: isIdle ? pollingPace : 0)
    guard !hasEnded else { return false }
    try takeEvents()
    // What was shot until now has been announced: the parent knows what it leaves behind. What only this process has
    // is fetched before.
    if stoppingSince != nil, inMemory.isEmpty { return false }
    // The clock before anything that takes long: every frame until then has the wrong time.
    if try upkeep.setClock() || !unanswered.isEmpty {
      return true
    } else if erasures.isUrgent, !held.isOutdated {
      try erase()
    } else if let next = wanted.next() {
      try fetch(next)
    } else if erasures.isReady {
      try erase()
    } else if listing != nil {
      try list()
    } else {
      try lookAfterTheRest()
    }
    sayAlive()
    return true
  }

  private func erase() throws(GPhotoError) {
    let isUrgent = erasures.isUrgent
    for report in try erasures.eraseNext(held, objects) { self.report(report) }
    // A new connection has settled the room. Here it is known as well, since such a camera's driver lists all objects
    // again and again.
    if isUrgent { try upkeep.settle() }
  }

  private func sayAlive() {
    if clock.now - lastReport > Self.aliveInterval { report(.alive(patience: Self.patience)) }
  }

  private func listen(milliseconds: Int32) {
    switch channel.receive(milliseconds: milliseconds) {
    case .ended: hasEnded = true
    case .commands(let commands):
      for command in commands { obey(command) }
    }
  }

  /// In milliseconds.
  private var pollingPace: Int32 {
    switch clock.now - lastEvent {
    case ..<Duration.seconds(10): Self.activePace
    case ..<Duration.seconds(30): Self.quietPace
    default: Self.idlePace
    }
  }

  private func obey(_ command: WorkerCommand) {
    switch command {
    case .fetch(let object, let day, let inOnePiece):
      unanswered.remove(object)
      let rank: FetchQueue.Rank =
        if inMemory.contains(object) {
          .memory
        } else if let entry = objects[object], entry.isAnnounced {
          entry.isRaw ? .raw : .announced
        } else {
          .listed
        }
      wanted.add(FetchQueue.Fetch(object: object, day: day, inOnePiece: inOnePiece, rank: rank))
    case .skip(let object):
      unanswered.remove(object)
      inMemory.remove(object)
    case .list: beginListing()
    case .setClock(let zone): upkeep.wantClock(zone: zone)
    case .erase(let object, let original, let atOnce):
      erasures.add(object: object, original: original, atOnce: atOnce)
    case .stop: stoppingSince = clock.now
    }
  }

  func report(_ report: WorkerReport) {
    channel.send(report)
    lastReport = clock.now
  }

  // MARK: Events

  func takeEvents() throws(GPhotoError) {
    // A camera that never falls silent must not keep the rest from its turn.
    for _ in 0..<100 where inMemory.isEmpty {
      switch try held.event() {
      case nil: return
      case .fileAdded(let path): try announced(path)
      case .fileChanged(let path): try changed(path)
      case .timeout, .storageChanged, .folderAdded, .captureComplete, .fileRemoved, .other: continue
      }
    }
  }

  private func announced(_ path: CameraPath) throws(GPhotoError) {
    lastEvent = clock.now
    guard let info = try infoOfAnnounced(path) else { return }
    // With the first file of a new folder the driver lists it, and Fuji's then takes the others in it for known.
    if !path.isInCameraMemory, !objects.hasFiles(in: path.folder) { beginListing() }
    switch objects.announce(path, info, isFresh: false, now: clock.now) {
    case .new(let id):
      if path.isInCameraMemory {
        inMemory.insert(id)
      } else {
        try upkeep.readClock(ifDoubtful: info.modified)
      }
      announce(id)
    case .duplicate: return
    case .suspicious: suspicious.insert(path)
    }
  }

  /// A mark (a star) was set or taken back, or something else was done to a file.
  ///
  /// What is not known yet, or is longer or newer than it was, is no news: it may have been on the card for years. A listing
  /// tells what it is.
  private func changed(_ path: CameraPath) throws(GPhotoError) {
    guard let info = try infoOfAnnounced(path, isNews: false) else { return }
    guard let id = objects.known(path, info), let object = objects.object(id) else {
      // The listing that is under way comes to it; what the driver knows of the others may be what they were before.
      if listing == nil { held.isOutdated = true }
      return
    }
    let mark = FrameMark(rating: try held.rating(in: path), isProtected: info.isProtected)
    report(.marked(object, mark))
    // The driver remembers what it knew of the object (EOS: its protection); only a new connection's listing tells.
    if !mark.isSet { held.isOutdated = true }
  }

  func announce(_ id: UInt64) {
    guard let object = objects.object(id) else { return }
    upkeep.frameAnnounced(bytes: UInt64(clamping: object.bytes ?? 0))
    unanswered.insert(id)
    report(.appeared(object))
  }

  /// `nil` if the file is already gone again, or the driver could not read its folder; a listing will tell.
  /// - Parameter isNews: whether it is news when that listing shows it.
  func infoOfAnnounced(
    _ path: CameraPath, isNews: Bool = true
  ) throws(GPhotoError) -> CameraFileInfo? {
    do {
      return try held.patiently { () throws(GPhotoError) in try held.camera.info(of: path, isFresh: true) }
    } catch  where error.recovery == .skip || error.kind == .unspecified {
      // -1 is "file not found" to ptp2, and a connection that broke too.
      try held.camera.probe()
      report(
        .warning(
          code: "file_gone",
          message:
            "The camera announced \(path.name.debugDescription), and does not find it: its card is looked through."
        ))
      held.isOutdated = true
      if isNews, !path.isInCameraMemory { unexplained.insert(path) }
      return nil
    }
  }

  // MARK: Fetching

  private func fetch(_ fetch: FetchQueue.Fetch) throws(GPhotoError) {
    let id = fetch.object
    guard let entry = objects[id] else {
      inMemory.remove(id)
      if fetch.offset != nil || fetch.isTakingUp { writer.abandon(object: id) }
      held.isOutdated = true
      report(.failed(object: id, FetchFailure(code: .gone, message: "The camera has it no longer.")))
      return
    }
    if let failure = ObjectReader.objection(to: entry.info) {
      inMemory.remove(id)
      report(.failed(object: id, failure))
      return
    }
    let reader = ObjectReader(camera: held.camera, writer: writer, object: id, entry: entry)
    do {
      let start: UInt64? = if let offset = fetch.offset { offset } else { try begin(reader, fetch) }
      guard let offset = start else { return wanted.putBack(fetch, at: nil) }
      let end = try reader.read(from: offset, inOnePiece: fetch.inOnePiece) { [self] bytes in
        if clock.now - lastReport > .milliseconds(250) { report(.progress(object: id, bytes: bytes)) }
      } shouldPause: { () throws(GPhotoError) in
        try hasMoreUrgent(than: fetch)
      } patiently: { body throws(GPhotoError) in
        try held.patiently(body)
      }
      if case .paused(let offset) = end {
        wanted.putBack(fetch, at: offset)
      } else if inMemory.contains(id), !writer.wasRefused(id) {
        // What the disk did not take stays where it is, and so do the events after it.
        inMemory.remove(id)
      }
    } catch {
      try failed(error, fetch, entry)
    }
  }

  private func begin(_ reader: ObjectReader, _ fetch: FetchQueue.Fetch) throws(GPhotoError) -> UInt64? {
    try reader.begin(
      day: fetch.day, partial: writer.spool.partial(of: reader.entry.sourceObject, source: source),
      inOnePiece: fetch.inOnePiece, isTakingUp: fetch.isTakingUp,
      shouldPause: { () throws(GPhotoError) in try hasMoreUrgent(than: fetch) },
      patiently: { body throws(GPhotoError) in try held.patiently(body) })
  }

  private func failed(
    _ error: GPhotoError, _ fetch: FetchQueue.Fetch, _ entry: ObjectTable.Entry
  ) throws(GPhotoError) {
    let isGone = error.recovery == .skip
    let isIncomplete = entry.path.isInCameraMemory && error.kind == .corrupted
    inMemory.remove(fetch.object)
    if isGone || isIncomplete || !error.isRetryable {
      writer.abandon(object: fetch.object)
    } else {
      writer.leave(object: fetch.object)
    }
    report(
      .failed(
        object: fetch.object,
        FetchFailure(
          code: isGone ? .gone : isIncomplete ? .wrongLength : .camera,
          message: "\(entry.path.name.debugDescription) could not be fetched: \(error.description).")))
    if isGone || isIncomplete {
      // What came incomplete the camera gives no second time, but its card may have it.
      held.isOutdated = true
    } else if error.isRetryable {
      throw error
    }
  }

  /// Looks after commands and events while a file is fetched.
  /// - Returns: whether something goes before this file.
  private func hasMoreUrgent(than fetch: FetchQueue.Fetch) throws(GPhotoError) -> Bool {
    if let stoppingSince, clock.now - stoppingSince > Self.stopPatience { return true }
    guard clock.now - lastLook > Self.lookInterval || !unanswered.isEmpty else { return false }
    lastLook = clock.now
    sayAlive()
    listen(milliseconds: 0)
    if hasEnded { return true }
    if stoppingSince == nil { try takeEvents() }
    return wanted.hasMoreUrgent(than: fetch)
  }
}
