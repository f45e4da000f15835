import Delivery
import Foundation
import Ingest
import Model

/// How a run goes, counted: what the live view draws and what a run ends by.
actor Scoreboard {
  struct Camera: Sendable {
    var model: String
    var port: String
    var battery: String?
    /// Bytes free on its cards.
    var free: Int64?
    /// Frames that still fit, as the camera guesses.
    var framesLeft: Int?
    /// How many seconds its clock is ahead of this machine's.
    var clockOffset: Int?
    /// Why it is not connected; `nil` while it is.
    var lost: String?
    /// From its plugging in until frames could be taken.
    var readyAfter: Duration?
  }

  struct Album: Sendable {
    var page: URL?
    var viewable = 0
    var delivered = 0
    var bytesPerSecond: Int64 = 0
    /// What holds its deliveries up.
    var standing = DestinationStanding()
    /// From the camera's word to the album, of the last frame.
    var milliseconds: Int?
  }

  /// One frame's way, for the lines of the last frames.
  struct Recent: Sendable {
    var name: String
    var bytes: Int64
    var isViewable = false
    var isDelivered = false
  }

  /// The disk with the spool.
  struct Room: Sendable {
    /// Bytes free.
    var free: Int64
    /// Bytes that new originals may still take.
    var forOriginals: Int64
    var level: SpoolRoom.Level
    /// Whether not even the journal can be written.
    var isJournalWaiting: Bool
  }

  /// Everything at one moment.
  struct Snapshot: Sendable {
    var cameras: [(id: String, camera: Camera)] = []
    var albums: [(album: String, state: Album)] = []
    var captured = 0
    var safe = 0
    var safeBytes: Int64 = 0
    /// Frames delivered everywhere in this run.
    var delivered = 0
    /// Deliveries that wait for a person.
    var parked = 0
    var recent: [(frame: ContentHash, state: Recent)] = []
    /// `nil` until it was measured.
    var room: Room?
    /// Set by an upload; `nil` where nobody knows the end, since cameras go on.
    var upload: Upload?
  }

  private(set) var snapshot = Snapshot()

  func album(_ album: String, page: URL?) {
    if let index = snapshot.albums.firstIndex(where: { $0.album == album }) {
      snapshot.albums[index].state.page = page
    } else {
      snapshot.albums.append((album, Album(page: page)))
    }
  }

  func camera(_ id: String, _ change: (inout Camera) -> Void) {
    if let index = snapshot.cameras.firstIndex(where: { $0.id == id }) {
      change(&snapshot.cameras[index].camera)
    } else {
      var camera = Camera(model: id, port: id)
      change(&camera)
      snapshot.cameras.append((id, camera))
    }
  }

  func expect(_ upload: Upload) { snapshot.upload = upload }

  func taken(files: Int, frames: Int, deliveredBytes: Int64) {
    snapshot.upload?.take(files: files, frames: frames, deliveredBytes: deliveredBytes)
  }

  func uploaded(_ frames: Int) { snapshot.upload?.done = frames }

  /// Bytes were given to the sockets of an album that the run feeds.
  func moved(_ bytes: Int64) { snapshot.upload?.moved += bytes }

  func room(_ room: Room) { snapshot.room = room }

  func captured() { snapshot.captured += 1 }

  func safe(_ frame: ContentHash, name: String, bytes: Int64) {
    snapshot.safe += 1
    snapshot.safeBytes += bytes
    snapshot.recent.insert((frame, Recent(name: name, bytes: bytes)), at: 0)
    if snapshot.recent.count > 5 { snapshot.recent.removeLast() }
  }

  /// A second original of a frame is safe: the camera announced two files, and they are one frame.
  func joined(bytes: Int64) {
    if snapshot.captured > 0 { snapshot.captured -= 1 }
    snapshot.safeBytes += bytes
  }

  /// - Parameters:
  ///   - isExpected: whether the run feeds that album.
  ///   - isFurther: whether it is a second original of a frame that has arrived there.
  func sent(_ sent: DeliveryEvent.Sent, isExpected: Bool, isFurther: Bool) {
    if isExpected { snapshot.upload?.sent(sent.kind, bytes: sent.bytes) }
    guard !isFurther else { return }
    let recent = snapshot.recent.firstIndex { $0.frame == sent.frame }
    guard let index = snapshot.albums.firstIndex(where: { $0.album == sent.album }) else { return }
    switch sent.kind {
    case .thumbnail: break
    case .preview:
      snapshot.albums[index].state.viewable += 1
      snapshot.albums[index].state.milliseconds = sent.milliseconds
      if let recent { snapshot.recent[recent].state.isViewable = true }
    case .original:
      snapshot.albums[index].state.delivered += 1
      if let recent { snapshot.recent[recent].state.isDelivered = true }
    }
  }

  func speed(_ bytesPerSecond: Int64, album: String) {
    guard let index = snapshot.albums.firstIndex(where: { $0.album == album }) else { return }
    snapshot.albums[index].state.bytesPerSecond = bytesPerSecond
  }

  func standing(_ standing: DestinationStanding, album: String) {
    guard let index = snapshot.albums.firstIndex(where: { $0.album == album }) else { return }
    snapshot.albums[index].state.standing = standing
    if standing.rest != nil { snapshot.albums[index].state.bytesPerSecond = 0 }
  }

  func parked() { snapshot.parked += 1 }

  func deliveredEverywhere() -> Int {
    snapshot.delivered += 1
    return snapshot.delivered
  }
}
