import ArgumentParser
import Ingest

/// `pixcheese camera-worker`: the process that owns one camera. Only `tether` starts it.
struct CameraWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "camera-worker", abstract: "Own one camera for tether; not to be run by hand.",
    shouldDisplay: false)

  @Option(help: "Where the camera is.")
  var port: String

  @Option(help: "The spool's folder.")
  var spool: String

  @Option(help: "A folder for libgphoto2's own settings.")
  var settings: String

  @Flag(help: "Free the camera from programs that hold it.")
  var takeOver = false

  @Flag(help: "Only say who the camera is, and change nothing.")
  var identify = false

  @Option(help: "Only try the camera, and wait so many seconds for a frame.")
  var check: Int?

  func run() throws {
    let purpose: CameraWorker.Purpose =
      if let check { .check(shutter: .seconds(check)) } else if identify { .identify } else { .tether }
    let code = CameraWorker.main(
      port: port, spool: spool, settings: settings, takesOver: takeOver, purpose: purpose)
    throw ExitCode(code)
  }
}
