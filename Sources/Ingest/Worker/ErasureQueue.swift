import GPhoto

/// What a worker was asked to delete on the card. It is done on a connection that was made for it, one object at a time,
/// as close as can be to the look at what is there; in a camera's buffer on the one that there is.
struct ErasureQueue {
  private var waiting: [(object: UInt64, original: String)] = []
  private lazy var buffer = TransferBuffer(bytes: 64 << 10)
  /// Whether the connection was made for what waits.
  private(set) var isReady = false
  /// Whether the camera takes no more frames sooner or later, until it is done.
  private(set) var isUrgent = false

  var isEmpty: Bool { waiting.isEmpty }

  mutating func add(object: UInt64, original: String, atOnce: Bool) {
    waiting.append((object, original))
    if atOnce { isUrgent = true }
  }

  /// The camera was connected anew for what waits.
  mutating func connected() { isReady = true }

  /// Deletes one object. Every other one is spared once something casts doubt on what the driver knows of the card.
  /// - Returns: what to tell the parent.
  /// - Throws: `GPhotoError`.
  mutating func eraseNext(_ held: WorkerCamera, _ objects: ObjectTable) throws(GPhotoError) -> [WorkerReport]
  {
    guard !held.isOutdated, let next = waiting.first, let entry = objects[next.object], let buffer else {
      let spared = waiting.map { WorkerReport.spared(object: $0.object, .refused) }
      waiting = []
      (isReady, isUrgent) = (false, false)
      return spared
    }
    let eraser = CardEraser(camera: held.camera, buffer: buffer)
    let reason = try held.patiently { () throws(GPhotoError) in
      try eraser.erase(entry, original: next.original)
    }
    waiting.removeFirst()
    if waiting.isEmpty { (isReady, isUrgent) = (false, false) }
    return [reason.map { .spared(object: next.object, $0) } ?? .erased(object: next.object)]
  }
}
