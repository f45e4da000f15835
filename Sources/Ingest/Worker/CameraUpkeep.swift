import Foundation
import GPhoto

/// What a worker looks after besides frames: the camera's battery, the room on its cards, and its clock.
final class CameraUpkeep {
  private let held: WorkerCamera
  private let report: (WorkerReport) -> Void
  private let time = ContinuousClock()
  private(set) var status = CameraStatus(storages: [])
  private var room = RoomWatch()
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
    status = CameraStatus(battery: try held.camera.battery(), storages: try held.camera.storages())
    room.note(status.storages)
    return status
  }

  /// A frame was announced, which explains that there is less room at the next look.
  func frameAnnounced(bytes: UInt64) { room.frameAnnounced(bytes: bytes) }

  /// Whether more room has gone since the last look than the announced frames take.
  func hasUnannouncedFrames() throws(GPhotoError) -> Bool {
    room.hasUnannouncedFrames(try held.camera.storages())
  }

  /// Looks at the clock, the battery and the room, each if it is time to.
  func look() throws(GPhotoError) {
    if clock.isDue(now: Date()) { try readClock() }
    guard time.now - lastStatus > Self.statusInterval else { return }
    lastStatus = time.now
    status = try held.patiently { () throws(GPhotoError) in
      CameraStatus(battery: try held.camera.battery(), storages: try held.camera.storages())
    }
    report(.status(status))
    if room.hasUnannouncedFrames(status.storages) { held.isOutdated = true }
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
