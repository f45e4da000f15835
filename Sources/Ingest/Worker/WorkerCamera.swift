import GPhoto
import Glibc
import Pictures

/// A worker's camera: the connection, what the driver may be believed of it, and when it is connected anew.
///
/// ptp2 keeps a list of objects for as long as it is connected; connecting anew is the only way to make it forget.
final class WorkerCamera {
  let port: CameraPort
  private let library: GPhotoLibrary
  private let clock = ContinuousClock()
  /// To be read anew after `reconnect`.
  private(set) var camera: Camera
  /// What the driver remembers of the card is no longer true.
  var isOutdated = false
  private(set) var hasEvents = true
  /// Whether the driver takes for new what it has not listed.
  private(set) var inventsEvents = true
  /// Whether this connection has listed every folder, so that also such a driver knows what is new.
  private var knowsCards = false
  private var lastConnection: ContinuousClock.Instant
  private var reconnectPause = WorkerCamera.shortestReconnectPause

  /// Bodies freeze when they are connected too often (gphoto2#472): the pause is doubled with each time, and short
  /// again after a quiet while.
  private static let shortestReconnectPause = Duration.seconds(1)
  private static let longestReconnectPause = Duration.seconds(60)
  /// How long a camera may be busy.
  private static let busyPatience = Duration.seconds(10)

  /// Cameras keep the rating before the picture (JPEG: in the second segment).
  private static let ratingBytes = 256 << 10

  /// Connects.
  init(port: CameraPort) throws(GPhotoError) {
    self.port = port
    library = try GPhotoLibrary()
    camera = try library.connect(to: port)
    lastConnection = clock.now
  }

  /// Asks who it is.
  /// - Parameter setsTarget: whether it is told to shoot to its card first.
  func identify(setsTarget: Bool = true) throws(GPhotoError) -> WorkerIdentity {
    let target = setsTarget ? try camera.captureToCard() : .unknown
    inventsEvents = try camera.inventsEvents()
    return WorkerIdentity(
      model: try camera.model(), serial: try camera.serial(), socket: port.socket, captureTarget: target,
      inventsEvents: inventsEvents)
  }

  /// What it says of its battery and its cards.
  func status() throws(GPhotoError) -> CameraStatus {
    CameraStatus(battery: try camera.battery(), storages: try camera.storages())
  }

  // MARK: Events

  /// Whether an event would be taken for news that is none.
  var isBlind: Bool { inventsEvents && !knowsCards }

  /// The next thing that the camera tells.
  /// - Returns: `nil` if there is nothing now, or what there is could not be believed.
  func event() throws(GPhotoError) -> CameraEvent? {
    guard hasEvents, !isBlind else { return nil }
    do {
      let event = try patiently(spoilsDriver: true) { () throws(GPhotoError) in
        try camera.waitForEvent(milliseconds: 1)
      }
      switch event {
      case .timeout: return nil
      case .storageChanged:
        isOutdated = true
        // The driver has forgotten all objects.
        knowsCards = false
        return event
      default: return event
      }
    } catch  where error.kind == .notSupported {
      hasEvents = false
      return nil
    }
  }

  /// Every folder has been listed, and the listing can be believed.
  func listed() { knowsCards = true }

  /// The stars that the camera has written into a file; `nil` where they cannot be had in one short read.
  func rating(in path: CameraPath) throws(GPhotoError) -> Int? {
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

  // MARK: The connection

  /// Connects anew. The parent is told nothing, the camera is the same.
  /// - Parameter prepare: called before, if it is done.
  /// - Returns: `false` if the last time was too short ago; ask again later.
  func reconnect(prepare: () -> Void) throws(GPhotoError) -> Bool {
    let age = clock.now - lastConnection
    guard age > reconnectPause else { return false }
    reconnectPause =
      age > Self.longestReconnectPause * 2
      ? Self.shortestReconnectPause : min(reconnectPause * 2, Self.longestReconnectPause)
    prepare()
    camera.close()
    knowsCards = false
    camera = try library.connect(to: port)
    _ = try camera.captureToCard()
    lastConnection = clock.now
    return true
  }

  /// Repeats a call while the camera is busy, ten seconds long.
  /// - Parameter spoilsDriver: whether the driver has lost something when the camera was busy (an event that it could not
  ///   ask about, a folder that it takes for read): then all is listed on a new connection.
  func patiently<Value>(
    spoilsDriver: Bool = false, _ body: () throws(GPhotoError) -> Value
  ) throws(GPhotoError) -> Value {
    let start = clock.now
    var pause: UInt32 = 20_000
    while true {
      do {
        return try body()
      } catch  where error.recovery == .retry && clock.now - start < Self.busyPatience {
        if spoilsDriver { isOutdated = true }
        usleep(pause)
        pause = min(pause * 2, 500_000)
      }
    }
  }
}
