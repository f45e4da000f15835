import Foundation
import GPhoto

/// What a worker looks after besides frames: the camera's battery, the room on its cards, and its clock.
final class CameraUpkeep {
  private let held: WorkerCamera
  private let report: (WorkerReport) -> Void
  private let time = ContinuousClock()
  private(set) var status = CameraStatus(storages: [])
  private var room = RoomWatch()
  /// Why the next listing on a new connection is made, if it is for the cards' room: what that could not explain, and
  /// how many names listings had been the first to show.
  private var alarm: (excess: UInt64, unannounced: Int)?
  private var clock = ClockWatch()
  /// The camera's clock is to be set to UTC and so many seconds.
  private var zoneToSet: Int?
  private var lastStatus: ContinuousClock.Instant

  private static let statusInterval = Duration.seconds(5)

  init(_ held: WorkerCamera, report: @escaping (WorkerReport) -> Void) {
    self.held = held
    self.report = report
    lastStatus = time.now
  }

  // MARK: Battery and room

  /// The first look.
  func begin() throws(GPhotoError) -> CameraStatus {
    status = try held.status()
    room.settle(status.storages)
    return status
  }

  /// A frame was announced, which explains that there is less room at the next look.
  func frameAnnounced(bytes: UInt64) { room.frameAnnounced(bytes: bytes) }

  /// Whether a frame may have gone unannounced, by the room on the cards.
  func isInDoubt() throws(GPhotoError) -> Bool {
    room.look(try held.camera.storages())
    return room.isInDoubt
  }

  /// All that is there now is known, or a listing will show it: the camera was connected anew, or deleted a frame.
  func settle() throws(GPhotoError) {
    status.storages = try held.patiently { () throws(GPhotoError) in try held.camera.storages() }
    room.settle(status.storages)
  }

  /// Whether there is something on the cards for all that their room says: then an empty folder is looked at twice.
  var hasFilesByRoom: Bool {
    status.storages.contains { card in
      guard let capacity = card.capacity, let free = card.free else { return true }
      return free < capacity
    }
  }

  /// A listing is complete, and can be believed.
  /// - Parameter unannounced: how many names listings were the first to show, until now.
  func listed(unannounced: Int) {
    guard let alarm else { return }
    if unannounced == alarm.unannounced { room.wasInVain(alarm.excess) }
    self.alarm = nil
  }

  /// Looks at the clock, the battery and the room, each if it is time to.
  /// - Parameters:
  ///   - lastEvent: when the camera last announced something: in the middle of a burst its room says nothing.
  ///   - unannounced: how many names listings were the first to show, until now.
  func look(lastEvent: ContinuousClock.Instant, unannounced: Int) throws(GPhotoError) {
    if clock.isDue(now: Date()) { try readClock() }
    guard time.now - lastStatus > Self.statusInterval else { return }
    lastStatus = time.now
    status = try held.patiently { () throws(GPhotoError) in try held.status() }
    report(.status(status))
    room.look(status.storages)
    guard time.now - lastEvent > Self.statusInterval else { return }
    if room.isInDoubt {
      held.isOutdated = true
      alarm = (room.unexplained, unannounced)
    } else {
      room.settle(status.storages)
    }
  }

  // MARK: The clock

  func readClock() throws(GPhotoError) {
    let before = Date()
    let shown = try held.patiently { () throws(GPhotoError) in try held.camera.clock() }
    if let reading = clock.take(shown, before: before, after: Date()) { report(.clock(reading)) }
  }

  /// Looks at the clock if a file's time, which the camera just announced, casts doubt on what is known of it.
  func readClock(ifDoubtful modified: Int64) throws(GPhotoError) {
    if clock.isDoubtful(modified: modified, now: Date()) { try readClock() }
  }

  /// The clock is to be set, by the next `setClock`.
  func wantClock(zone: Int) { zoneToSet = zone }

  /// Sets the clock if that is wanted.
  /// - Returns: whether it was.
  func setClock() throws(GPhotoError) -> Bool {
    guard let zone = zoneToSet else { return false }
    zoneToSet = nil
    var shown: Int64 = 0
    let isSet = try held.patiently { () throws(GPhotoError) in
      shown = Int64(Date().timeIntervalSince1970.rounded()) + Int64(zone)
      return try held.camera.setClock(shown)
    }
    report(isSet ? .clock(clock.set(shown, at: Date())) : .clockNotSet)
    return true
  }
}
