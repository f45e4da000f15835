import Foundation
import GPhoto
import Glibc
import Journal
import Model
import Pictures

/// What a worker does all day, on the one thread that may use libgphoto2: look for commands, for events, fetch, list,
/// in this order of importance, never longer than one chunk or one listing step away from the next look.
final class WorkerLoop {
  private let port: CameraPort
  private let library: GPhotoLibrary
  private var camera: Camera
  private let channel: WorkerChannel
  private let writer: OriginalWriter
  private let clock = ContinuousClock()
  private lazy var eraseBuffer = TransferBuffer(bytes: 64 << 10)

  private var objects = ObjectTable()
  private var listing: ListingWalk?
  private var listed: [CameraObject] = []
  private var wanted = FetchQueue()
  /// Announced objects that the parent has not answered yet.
  private var unanswered: Set<UInt64> = []
  /// Announced and not safe, and only in the camera's memory, where the driver keeps two (libgphoto2#1051): no event
  /// is taken before they are in the spool.
  private var inMemory: Set<UInt64> = []
  /// Announcements that only a new connection can tell the meaning of.
  private var suspicious: Set<CameraPath> = []
  /// What the driver remembers of the card is no longer true.
  private var isOutdated = false
  /// When the parent asked for an end.
  private var stoppingSince: ContinuousClock.Instant?
  private var hasEnded = false
  private var hasEvents = true
  /// Whether the driver takes for new what it has not listed.
  private var inventsEvents = true
  /// Whether this connection has listed every folder, so that also such a driver knows what is new.
  private var knowsCards = false
  private var room = RoomWatch()
  /// Why the next listing on a new connection is made, if it is for the cards' room: what that could not explain, and
  /// how many names listings had been the first to show.
  private var alarm: (excess: UInt64, unannounced: Int)?
  private var status = CameraStatus(storages: [])
  private var watch = ClockWatch()
  /// The camera's clock is to be set to UTC and so many seconds.
  private var zoneToSet: Int?
  /// What is to be deleted on the card, and whether this connection was made for that.
  private var erasing: [(object: UInt64, original: String)] = []
  private var isConnectedToErase = false

  private var lastEvent: ContinuousClock.Instant
  private var lastStatus: ContinuousClock.Instant
  private var lastReport: ContinuousClock.Instant
  private var lastConnection: ContinuousClock.Instant
  private var reconnectPause = WorkerLoop.shortestReconnectPause
  private var lastLook: ContinuousClock.Instant
  private var pace = ListingPace()
  /// What tells this camera from others in the names of parts.
  private var source = ""

  /// How long the parent is to wait for the next report in ordinary times, and while the driver looks into a folder
  /// or connects (measured: 38 s for 766 files on some bodies), in seconds.
  private static let patience = 30
  private static let longPatience = 300
  /// How often the camera is asked for events while something is going on, after ten quiet seconds, and after thirty:
  /// each question costs processor time here and battery there. EOS bodies fall asleep when they are not asked for ten
  /// seconds.
  private static let activePace: Int32 = 10
  private static let quietPace: Int32 = 40
  private static let idlePace: Int32 = 100
  /// Cameras keep the rating before the picture (JPEG: in the second segment).
  private static let ratingBytes = 256 << 10
  private static let statusInterval = Duration.seconds(5)
  private static let aliveInterval = Duration.seconds(5)
  /// How often something else is looked after while a long file is fetched.
  private static let lookInterval = Duration.milliseconds(200)
  /// How long a file may go on after the parent asked for an end; the rest of it is fetched another time.
  private static let stopPatience = Duration.milliseconds(2500)
  /// A camera without events is listed this often.
  private static let listingInterval = Duration.seconds(5)
  /// Bodies freeze when they are connected too often (gphoto2#472): the pause is doubled with each time, and short
  /// again after a quiet while.
  private static let shortestReconnectPause = Duration.seconds(1)
  private static let longestReconnectPause = Duration.seconds(60)

  /// Connects.
  init(port: CameraPort, channel: WorkerChannel, writer: OriginalWriter) throws(GPhotoError) {
    self.port = port
    self.channel = channel
    self.writer = writer
    lastEvent = clock.now
    lastStatus = clock.now
    lastReport = clock.now
    lastConnection = clock.now
    lastLook = clock.now
    channel.send(.alive(patience: Self.longPatience))
    library = try GPhotoLibrary()
    camera = try library.connect(to: port)
  }

  /// Runs until the parent wants no more, or is gone.
  /// - Throws: `GPhotoError` when the camera is lost.
  func run() throws(GPhotoError) {
    do {
      try greet()
      while try turn() {}
    } catch {
      if error.recovery == .reconnect { camera.resetPort() }
      throw error
    }
    writer.drain()
    if !hasEnded { report(.stopped(inOrder: try isInOrder())) }
    camera.close()
  }

  private func isInOrder() throws(GPhotoError) -> Bool {
    guard !isOutdated, !isBlind, suspicious.isEmpty, listing == nil, pace.last != nil else { return false }
    room.look(try camera.storages())
    return !room.isInDoubt
  }

  private func greet() throws(GPhotoError) {
    let target = try camera.captureToCard()
    inventsEvents = try camera.inventsEvents()
    let identity = WorkerIdentity(
      model: try camera.model(), serial: try camera.serial(), captureTarget: target,
      inventsEvents: inventsEvents)
    source = identity.serial ?? "\(identity.model) at \(port)"
    status = CameraStatus(battery: try camera.battery(), storages: try camera.storages())
    room.settle(status.storages)
    report(.connected(identity, status))
    report(.alive(patience: Self.patience))
    try readClock()
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
    if let zone = zoneToSet {
      // Before anything that takes long: every frame until then has the wrong time.
      zoneToSet = nil
      try setClock(zone: zone)
    } else if !unanswered.isEmpty {
      return true
    } else if let next = wanted.next() {
      try fetch(next)
    } else if isConnectedToErase {
      try erase()
    } else if listing != nil {
      try list()
    } else {
      try lookAfterTheRest()
    }
    if clock.now - lastReport > Self.aliveInterval { report(.alive(patience: Self.patience)) }
    return true
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
        inMemory.contains(object) ? .memory : objects[object]?.isAnnounced == true ? .announced : .listed
      wanted.add(FetchQueue.Fetch(object: object, day: day, inOnePiece: inOnePiece, rank: rank))
    case .skip(let object):
      unanswered.remove(object)
      inMemory.remove(object)
    case .list: beginListing()
    case .setClock(let zone):
      zoneToSet = zone
    case .erase(let object, let original):
      erasing.append((object, original))
    case .stop:
      stoppingSince = clock.now
    }
  }

  private func report(_ report: WorkerReport) {
    channel.send(report)
    lastReport = clock.now
  }

  // MARK: Events

  /// Whether an event would be taken for news that is none.
  private var isBlind: Bool { inventsEvents && !knowsCards }

  private func takeEvents() throws(GPhotoError) {
    guard hasEvents, !isBlind else { return }
    // A camera that never falls silent must not keep the rest from its turn.
    for _ in 0..<100 where inMemory.isEmpty {
      let event: CameraEvent
      do {
        event = try patiently(mayHaveLostEvent: true) { () throws(GPhotoError) in
          try camera.waitForEvent(milliseconds: 1)
        }
      } catch  where error.kind == .notSupported {
        hasEvents = false
        return
      }
      switch event {
      case .timeout: return
      case .fileAdded(let path): try announced(path)
      case .fileChanged(let path): try changed(path)
      case .storageChanged:
        isOutdated = true
        // The driver has forgotten all objects.
        knowsCards = false
        if isBlind { return }
      case .folderAdded, .captureComplete, .fileRemoved, .other: continue
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
      } else if watch.isDoubtful(modified: info.modified, now: Date()) {
        try readClock()
      }
      announce(id)
    case .duplicate: return
    case .suspicious: suspicious.insert(path)
    }
  }

  /// A changed file is a new object if its length or time is another; a mark alone (a star) changes neither.
  private func changed(_ path: CameraPath) throws(GPhotoError) {
    guard let info = try infoOfAnnounced(path) else { return }
    if let id = objects.known(path, info), let object = objects.object(id) {
      let mark = FrameMark(rating: try rating(in: path), isProtected: info.isProtected)
      report(.marked(object, mark))
      // The driver remembers what it knew of the object (EOS: its protection); only a new connection's listing tells.
      if !mark.isSet { isOutdated = true }
      return
    }
    if case .new(let id) = objects.announce(path, info, isFresh: false, now: clock.now) { announce(id) }
  }

  /// The stars that the camera has written into a file; `nil` where they cannot be had in one short read.
  private func rating(in path: CameraPath) throws(GPhotoError) -> Int? {
    guard !path.isInCameraMemory, let buffer = TransferBuffer(bytes: Self.ratingBytes) else { return nil }
    do {
      let count = try patiently { () throws(GPhotoError) in
        try camera.read(path, at: 0, count: Self.ratingBytes, into: buffer)
      }
      return FileRating.find(
        in: Array(UnsafeRawBufferPointer(start: buffer.start, count: min(count, buffer.capacity))))
    } catch  where error.kind == .notSupported || error.recovery == .skip {
      return nil
    }
  }

  private func announce(_ id: UInt64) {
    guard let object = objects.object(id) else { return }
    room.frameAnnounced(bytes: UInt64(clamping: object.bytes ?? 0))
    unanswered.insert(id)
    report(.appeared(object))
  }

  /// `nil` if the file is already gone again; a listing will tell.
  private func infoOfAnnounced(_ path: CameraPath) throws(GPhotoError) -> CameraFileInfo? {
    do {
      return try patiently { () throws(GPhotoError) in try camera.info(of: path, isFresh: true) }
    } catch  where error.recovery == .skip || error.kind == .unspecified {
      // -1 is "file not found" to ptp2, and a connection that broke too.
      try camera.probe()
      report(
        .warning(
          code: "file_gone", message: "The camera announced \(path.name.debugDescription), and has it not."))
      beginListing()
      return nil
    }
  }

  // MARK: Fetching

  private func fetch(_ fetch: FetchQueue.Fetch) throws(GPhotoError) {
    let id = fetch.object
    guard let entry = objects[id] else {
      inMemory.remove(id)
      if fetch.offset != nil { writer.abandon(object: id) }
      report(.failed(object: id, FetchFailure(code: .gone, message: "The camera has it no longer.")))
      return
    }
    if let failure = ObjectReader.objection(to: entry.info) {
      inMemory.remove(id)
      report(.failed(object: id, failure))
      return
    }
    let reader = ObjectReader(camera: camera, writer: writer, object: id, entry: entry)
    do {
      let offset = if let offset = fetch.offset { offset } else { try begin(reader, fetch) }
      let end = try reader.read(from: offset, inOnePiece: fetch.inOnePiece) { bytes in
        if clock.now - lastReport > .milliseconds(250) { report(.progress(object: id, bytes: bytes)) }
      } shouldPause: { () throws(GPhotoError) in
        try hasMoreUrgent(than: fetch)
      } patiently: { body throws(GPhotoError) in
        try patiently(body)
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

  private func begin(
    _ reader: ObjectReader, _ fetch: FetchQueue.Fetch
  ) throws(GPhotoError) -> UInt64 {
    try reader.begin(
      day: fetch.day, partial: writer.spool.partial(of: reader.entry.sourceObject, source: source),
      inOnePiece: fetch.inOnePiece, beforeLongWork: { report(.alive(patience: Self.longPatience)) },
      patiently: { body throws(GPhotoError) in try patiently(body) })
  }

  private func failed(
    _ error: GPhotoError, _ fetch: FetchQueue.Fetch, _ entry: ObjectTable.Entry
  ) throws(GPhotoError) {
    let isGone = error.recovery == .skip
    inMemory.remove(fetch.object)
    if isGone || !error.isRetryable {
      writer.abandon(object: fetch.object)
    } else {
      writer.leave(object: fetch.object)
    }
    report(
      .failed(
        object: fetch.object,
        FetchFailure(
          code: isGone ? .gone : .camera,
          message: "\(entry.path.name.debugDescription) could not be fetched: \(error.description).")))
    if isGone {
      beginListing()
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
    listen(milliseconds: 0)
    if hasEnded { return true }
    if stoppingSince == nil { try takeEvents() }
    return wanted.hasMoreUrgent(than: fetch)
  }

  // MARK: Listing

  private func list() throws(GPhotoError) {
    let found = try patiently { () throws(GPhotoError) in
      try listing?.step(camera, beforeFolder: { report(.alive(patience: Self.longPatience)) }) ?? []
    }
    for (path, info) in found {
      let id = objects.list(path, info, now: clock.now)
      if let object = objects.object(id) { listed.append(object) }
    }
    let isComplete = listing?.isComplete ?? true
    if isComplete, !isOutdated { knowsCards = true }
    // What was shot while the listing ran is announced before the parent takes the listing for what was there before.
    if isComplete { try takeEvents() }
    guard isComplete || listed.count + ListingWalk.filesPerStep > WorkerProtocol.objectsPerReport else {
      return
    }
    report(.listed(listed, isComplete: isComplete))
    listed = []
    if isComplete {
      listing = nil
      if !isOutdated, let alarm {
        if objects.unannouncedCount == alarm.unannounced { room.wasInVain(alarm.excess) }
        self.alarm = nil
      }
      pace.listed(now: clock.now, room: status.storages, unannounced: objects.unannouncedCount)
      report(.alive(patience: Self.patience))
    }
  }

  private func beginListing() {
    if listing == nil { listing = ListingWalk() }
  }

  // MARK: The rest

  private func lookAfterTheRest() throws(GPhotoError) {
    if hasEvents, clock.now - lastEvent > .seconds(10), pace.isDue(now: clock.now, room: status.storages) {
      isOutdated = true
    }
    if !suspicious.isEmpty || isOutdated, try reconnect() {
      isOutdated = false
      let paths = suspicious
      suspicious = []
      for path in paths {
        guard let info = try infoOfAnnounced(path) else { continue }
        if case .new(let id) = objects.announce(path, info, isFresh: true, now: clock.now) { announce(id) }
      }
      // The listing will show all that is there now.
      room.settle(try patiently { () throws(GPhotoError) in try camera.storages() })
      beginListing()
      return
    }
    if !erasing.isEmpty, try reconnect() {
      // Deleting comes first, as close as can be to the look at what is there now; the listing after it.
      isConnectedToErase = true
      beginListing()
      return
    }
    if !hasEvents, let last = pace.last, clock.now - last > Self.listingInterval {
      try camera.forgetFiles()
      beginListing()
      return
    }
    if watch.isDue(now: Date()) { try readClock() }
    guard clock.now - lastStatus > Self.statusInterval else { return }
    lastStatus = clock.now
    status = try patiently { () throws(GPhotoError) in
      CameraStatus(battery: try camera.battery(), storages: try camera.storages())
    }
    report(.status(status))
    room.look(status.storages)
    guard clock.now - lastEvent > Self.statusInterval else { return }
    if room.isInDoubt {
      isOutdated = true
      alarm = (room.unexplained, objects.unannouncedCount)
    } else {
      room.settle(status.storages)
    }
  }

  /// Deletes one object, on a connection that was made for that. Every other one is spared once something casts doubt
  /// on what the driver knows of the card.
  private func erase() throws(GPhotoError) {
    guard !isOutdated, let next = erasing.first, let entry = objects[next.object], let buffer = eraseBuffer
    else {
      for (object, _) in erasing { report(.spared(object: object, .refused)) }
      erasing = []
      isConnectedToErase = false
      return
    }
    let eraser = CardEraser(camera: camera, buffer: buffer)
    var reason: SpareReason?
    _ = try patiently { () throws(GPhotoError) in
      reason = try eraser.erase(entry, original: next.original)
    }
    erasing.removeFirst()
    if erasing.isEmpty { isConnectedToErase = false }
    report(reason.map { .spared(object: next.object, $0) } ?? .erased(object: next.object))
  }

  private func readClock() throws(GPhotoError) {
    let before = Date()
    let shown = try patiently { () throws(GPhotoError) in try camera.clock() }
    if let reading = watch.take(shown, before: before, after: Date()) { report(.clock(reading)) }
  }

  private func setClock(zone: Int) throws(GPhotoError) {
    var shown: Int64 = 0
    let isSet = try patiently { () throws(GPhotoError) in
      shown = Int64(Date().timeIntervalSince1970.rounded()) + Int64(zone)
      return try camera.setClock(shown)
    }
    report(isSet ? .clock(watch.set(shown, at: Date())) : .clockNotSet)
  }

  /// Connects anew: the only way to make the driver forget the objects it knows. The parent is told nothing, the
  /// camera is the same.
  /// - Returns: `false` if the last time was too short ago; ask again later.
  private func reconnect() throws(GPhotoError) -> Bool {
    let age = clock.now - lastConnection
    guard age > reconnectPause else { return false }
    reconnectPause =
      age > Self.longestReconnectPause * 2
      ? Self.shortestReconnectPause : min(reconnectPause * 2, Self.longestReconnectPause)
    report(.alive(patience: Self.longPatience))
    // Closing a PTP/IP camera closes descriptor 0: nobody may be opening files then.
    writer.drain()
    camera.close()
    knowsCards = false
    camera = try library.connect(to: port)
    _ = try camera.captureToCard()
    lastConnection = clock.now
    try readClock()
    return true
  }

  /// Repeats a call while the camera is busy, ten seconds long.
  /// - Parameter mayHaveLostEvent: an event that the driver could not ask the camera about is gone: list anew.
  private func patiently<Value>(
    mayHaveLostEvent: Bool = false, _ body: () throws(GPhotoError) -> Value
  ) throws(GPhotoError) -> Value {
    let start = clock.now
    var pause: UInt32 = 20_000
    while true {
      do {
        return try body()
      } catch  where error.recovery == .retry && clock.now - start < .seconds(10) {
        if mayHaveLostEvent { isOutdated = true }
        usleep(pause)
        pause = min(pause * 2, 500_000)
      }
    }
  }
}
