import Hooks
import Ingest
import Model

extension LiveReport {
  /// What `tether` says of cameras and frames.
  func tell(_ event: TetherEvent) async {
    switch event {
    case .cameraConnected(let camera):
      await scoreboard.camera(camera.camera) {
        $0.model = camera.model
        $0.port = String(describing: camera.port)
        $0.lost = nil
        $0.readyAfter = camera.readyAfter
        $0.take(camera.status)
      }
      emit(
        .cameraConnected(
          camera: camera.camera, model: camera.model, serial: camera.serial ?? "",
          port: String(describing: camera.port), milliseconds: camera.readyAfter.milliseconds))
      emit(.cameraStatus(camera: camera.camera, camera.status))
      console.say(
        "\(console.green("Connected:")) \(Text.harmless(camera.model)) (\(Text.harmless(camera.camera))) at "
          + "\(camera.port), ready in \(Text.seconds(camera.readyAfter))")
    case .cameraStatus(let camera, let status):
      if await scoreboard.takes(status, of: camera) { emit(.cameraStatus(camera: camera, status)) }
    case .cameraClock(let camera, let offset):
      await scoreboard.camera(camera) { $0.clockOffset = offset }
      emit(.cameraClock(camera: camera, offset: offset))
      console.detail("clock      \(Text.harmless(camera)) is \(ClockText.duration(offset))")
    case .cameraLost(let camera, let loss):
      await scoreboard.camera(camera) { $0.lost = Text.harmless(loss.message) }
      emit(.cameraLost(camera: camera, reason: Text.harmless(loss.message)))
      console.say("\(console.yellow("Lost:")) \(Text.harmless(camera)): \(Text.harmless(loss.message))")
    case .frameCaptured(let frame):
      moved()
      await scoreboard.captured()
      emit(.frameCaptured(frame: frame.capture, camera: frame.camera, name: frame.name))
      console.detail("captured   \(frame.name)")
      await onCaptured(HookSubject(captured: frame.capture, name: frame.name, camera: frame.camera))
    case .frameProgress: moved()
    case .frameSafe(let frame):
      await safe(frame.frame, name: frame.name, bytes: frame.bytes, sha256: frame.sha256)
    case .frameDeleted(let camera, let name, let sha256):
      emit(.frameDeleted(frame: sha256, camera: camera, name: name))
      console.detail("deleted    \(Text.harmless(name)) on the card: delivered everywhere")
    case .warning(let code, let message): warn(code, Text.harmless(message))
    }
  }
}

extension Scoreboard {
  /// Takes a camera's status.
  /// - Returns: whether it says something that was not known.
  func takes(_ status: CameraStatus, of camera: String) -> Bool {
    var isNew = false
    self.camera(camera) {
      let before = $0
      $0.take(status)
      isNew = $0.battery != before.battery || $0.framesLeft != before.framesLeft || $0.free != before.free
    }
    return isNew
  }
}

extension Scoreboard.Camera {
  mutating func take(_ status: CameraStatus) {
    battery = status.battery
    free = status.free
    framesLeft = status.framesLeft
  }
}
