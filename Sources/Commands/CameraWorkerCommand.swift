import ArgumentParser
import Ingest

/// `pixcheese camera-worker`: the process that owns one camera. Only `tether` starts it.
struct CameraWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "camera-worker", abstract: "Own one camera for tether; not to be run by hand.",
    shouldDisplay: false)

  @Option(help: "Where the camera is.")
  var port: String

  @Option(help: "Bring frames into this folder of a spool.")
  var spool: String?

  @Flag(help: "Free the camera from programs that hold it.")
  var takeOver = false

  @Flag(help: "Only say who the camera is, and change nothing.")
  var identify = false

  @Option(help: "Only try the camera, and wait so many seconds for a frame.")
  var check: Int?

  private var purpose: CameraWorker.Purpose {
    get throws {
      if let check { return .check(shutter: .seconds(check)) }
      if identify { return .identify }
      guard let spool else { throw ValidationError("One of --spool, --identify and --check is needed.") }
      return .tether(spool: spool)
    }
  }

  func run() throws {
    throw ExitCode(CameraWorker.main(port: port, takesOver: takeOver, purpose: try purpose))
  }
}
