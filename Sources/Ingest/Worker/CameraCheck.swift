import GPhoto
import Glibc

/// Tries on one camera, step by step, what `tether` does with it. Runs in a worker process.
struct CameraCheck {
  typealias Outcome = (verdict: CheckStep.Verdict, detail: String)

  let port: CameraPort
  let channel: WorkerChannel
  /// How long the person has to release the shutter.
  let shutter: Duration

  private let clock = ContinuousClock()
  private static let partBytes = 64 << 10
  private static let chunk = 1 << 20
  /// A card that takes longer is looked at in part.
  private static let listing = Duration.seconds(60)
  /// Mixed-up bodies never fall silent.
  private static let mostOldEvents = 100

  init(port: CameraPort, channel: WorkerChannel, shutter: Duration) {
    self.port = port
    self.channel = channel
    self.shutter = shutter
  }

  /// Tries everything, each step reported as it ends.
  /// - Throws: `GPhotoError` if the camera cannot be opened.
  func run() throws(GPhotoError) {
    let start = clock.now
    let camera = try GPhotoLibrary().connect(to: port)
    defer { camera.close() }
    tell(.open, (.good, "It lets us in"), since: start)
    attempt(.identify) { () throws(GPhotoError) in
      guard let serial = try camera.serial() else {
        return (.limited, "\(try camera.model()), no serial number: known by where it is connected")
      }
      return (.good, "\(try camera.model()), serial number \(serial)")
    }
    var sample: CameraPath?
    attempt(.list, isNeeded: true) { () throws(GPhotoError) in try list(camera, sample: &sample) }
    attempt(.thumbnail) { () throws(GPhotoError) in
      guard let sample else { return (.notTried, "There is no picture on the card") }
      return (.good, "\(try camera.thumbnailLength(of: sample)) bytes of \(sample.name)")
    }
    attempt(.partialRead) { () throws(GPhotoError) in
      guard let sample else { return (.notTried, "There is no picture on the card") }
      return try readPart(of: sample, camera)
    }
    attempt(.captureTarget) { () throws(GPhotoError) in
      switch try camera.captureToCard() {
      case .card: (.good, "The card, set and read back")
      case .unknown: (.good, "It has no such setting: the card")
      case .refused(let target): (.limited, "It stays with \(target): frames are on this machine only")
      }
    }
    attempt(.clock) { () throws(GPhotoError) in
      guard let shown = try camera.clock() else { return (.limited, "It tells no time") }
      return (.good, "It shows \(shown) seconds since 1970, by its own zone")
    }
    attempt(.battery) { () throws(GPhotoError) in
      let status = CameraStatus(battery: try camera.battery(), storages: try camera.storages())
      let battery = status.battery.map { "battery \($0)" } ?? "it does not tell its battery"
      let room = status.free.map { "\($0) bytes free" } ?? "it does not tell its room"
      return (status.battery == nil || status.free == nil ? .limited : .good, "\(battery), \(room)")
    }
    var frame: CameraPath?
    attempt(.event, isNeeded: true) { () throws(GPhotoError) in
      frame = try waitForFrame(camera)
      return frame.map { (.good, "It announced \($0.name)") }
        ?? (.failed, "No frame was announced within \(shutter.components.seconds) s")
    }
    attempt(.file, isNeeded: true) { () throws(GPhotoError) in
      guard let frame else { return (.notTried, "There is no frame to read") }
      return try readAll(frame, camera)
    }
  }

  // MARK: Steps

  private func list(_ camera: Camera, sample: inout CameraPath?) throws(GPhotoError) -> Outcome {
    let start = clock.now
    var walk = ListingWalk()
    var count = 0
    while !walk.isComplete, clock.now - start < Self.listing {
      for (path, info) in try patiently({ () throws(GPhotoError) in try walk.step(camera) {} }) {
        count += 1
        if sample == nil || info.mediaType == "image/jpeg" { sample = path }
      }
    }
    return (
      .good, "\(count) files\(walk.isComplete ? "" : " in the first \(Self.listing.components.seconds) s")"
    )
  }

  private func readPart(of path: CameraPath, _ camera: Camera) throws(GPhotoError) -> Outcome {
    guard let buffer = TransferBuffer(bytes: Self.partBytes) else { return (.notTried, "No memory is left") }
    do {
      let count = try camera.read(path, at: 0, count: Self.partBytes, into: buffer)
      return count > 0 ? (.good, "\(count) bytes of \(path.name)") : (.limited, "It gave no bytes")
    } catch  where error.kind == .notSupported {
      return (.limited, "It gives whole files only: a broken download begins anew")
    }
  }

  private func waitForFrame(_ camera: Camera) throws(GPhotoError) -> CameraPath? {
    // What was shot before is not what is waited for.
    for _ in 0..<Self.mostOldEvents {
      guard try patiently({ () throws(GPhotoError) in try camera.waitForEvent(milliseconds: 1) }) != .timeout
      else { break }
    }
    channel.send(
      .warning(
        code: "release_shutter",
        message: "Release the shutter now: \(shutter.components.seconds) s are waited for a frame."))
    let start = clock.now
    while clock.now - start < shutter {
      switch try patiently({ () throws(GPhotoError) in try camera.waitForEvent(milliseconds: 1) }) {
      case .fileAdded(let path): return path
      case .timeout: usleep(10_000)
      default: continue
      }
    }
    return nil
  }

  private func readAll(_ path: CameraPath, _ camera: Camera) throws(GPhotoError) -> Outcome {
    let info = try patiently { () throws(GPhotoError) in try camera.info(of: path, isFresh: true) }
    if let objection = ObjectReader.objection(to: info) { return (.failed, objection.message) }
    let length = info.bytes ?? 0
    let parts = try readChunks(path, length, camera)
    let count = if let parts { parts } else { try readWhole(path, camera) }
    guard count == length else { return (.failed, "\(count) bytes of \(length) came of \(path.name)") }
    return (.good, "All \(count) bytes of \(path.name)")
  }

  /// - Returns: how many bytes came; `nil` if the camera has no partial reads.
  private func readChunks(_ path: CameraPath, _ length: UInt64, _ camera: Camera) throws(GPhotoError)
    -> UInt64?
  {
    guard !path.isInCameraMemory, let buffer = TransferBuffer(bytes: Self.chunk) else { return nil }
    var offset: UInt64 = 0
    do throws(GPhotoError) {
      while offset < length {
        let asked = Int(min(UInt64(Self.chunk), length - offset))
        let count = try patiently { () throws(GPhotoError) in
          try camera.read(path, at: offset, count: asked, into: buffer)
        }
        guard count > 0 else { return offset }
        offset += UInt64(count)
      }
    } catch  where error.kind == .notSupported && offset == 0 {
      return nil
    }
    return offset
  }

  private func readWhole(_ path: CameraPath, _ camera: Camera) throws(GPhotoError) -> UInt64 {
    var count: UInt64 = 0
    try camera.readWhole(path) { part in
      count += UInt64(part.count)
      return true
    }
    return count
  }

  // MARK: Telling

  private func attempt(
    _ step: CheckStep.Name, isNeeded: Bool = false, _ body: () throws(GPhotoError) -> Outcome
  ) {
    let start = clock.now
    do {
      tell(step, try patiently(body), since: start)
    } catch {
      tell(step, (isNeeded ? .failed : .limited, error.description), since: start)
    }
  }

  private func tell(_ step: CheckStep.Name, _ outcome: Outcome, since start: ContinuousClock.Instant) {
    let milliseconds = Int((clock.now - start) / .milliseconds(1))
    channel.send(
      .checked(
        CheckStep(step: step, verdict: outcome.verdict, detail: outcome.detail, milliseconds: milliseconds)))
  }

  /// Repeats a call while the camera is busy, ten seconds long.
  private func patiently<Value>(_ body: () throws(GPhotoError) -> Value) throws(GPhotoError) -> Value {
    let start = clock.now
    while true {
      do {
        return try body()
      } catch  where error.recovery == .retry && clock.now - start < .seconds(10) {
        usleep(100_000)
      }
    }
  }
}
