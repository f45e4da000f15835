/// What a link remembers of the cameras that sat on its seat, from one worker to the next. Used in the link's one task.
final class CameraHistory {
  /// By camera: another one may sit here now.
  private var known: [String: CameraFrames] = [:]
  /// The camera that was connected last, as the journal calls it; `nil` before the first.
  private(set) var last: String?
  var health = CameraHealth()

  var frames: [CameraFrames] { Array(known.values) }

  /// A camera is connected.
  /// - Returns: what is known of its frames, if it is the one that was here last; else what `make` gives: the journal
  ///   knows of the rest.
  func frames(of camera: String, make: () -> CameraFrames) -> CameraFrames {
    if last == camera, let frames = known[camera] { return frames }
    let frames = make()
    known[camera] = frames
    last = camera
    return frames
  }
}
