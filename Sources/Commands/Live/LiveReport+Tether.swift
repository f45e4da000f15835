import Ingest

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
      console.say(
        "\(console.green("Connected:")) \(Text.harmless(camera.model)) (\(Text.harmless(camera.camera))) at "
          + "\(camera.port), ready in \(Text.seconds(camera.readyAfter))")
    case .cameraStatus(let camera, let status):
      await scoreboard.camera(camera) { $0.take(status) }
    case .cameraLost(let camera, let loss):
      await scoreboard.camera(camera) { $0.lost = Text.harmless(loss.message) }
      emit(.cameraLost(camera: camera, reason: Text.harmless(loss.message)))
      console.say("\(console.yellow("Lost:")) \(Text.harmless(camera)): \(Text.harmless(loss.message))")
    case .frameCaptured(let frame):
      await scoreboard.captured()
      emit(.frameCaptured(frame: frame.capture, camera: frame.camera, name: frame.name))
      console.detail("captured   \(frame.name)")
    case .frameProgress: break
    case .frameSafe(let frame):
      await safe(frame.frame, name: frame.name, bytes: frame.bytes)
    case .warning(let code, let message): warn(code, Text.harmless(message))
    }
  }
}

extension Scoreboard.Camera {
  mutating func take(_ status: CameraStatus) {
    battery = status.battery
    free = status.free
  }
}
