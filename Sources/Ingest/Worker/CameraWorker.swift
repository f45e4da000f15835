import GPhoto
import Glibc
import Journal
import SystemPackage

/// The process that owns libgphoto2 for one camera: `pixcheese camera-worker`.
///
/// It connects, tells what the camera tells, and fetches what its parent asks for into the spool. It ends when the
/// parent says so, when the pipe from the parent ends, when the parent's thread dies, or when the camera is lost:
/// connecting again is a new worker's business.
public enum CameraWorker {
  /// What a worker is started for.
  public enum Purpose: Hashable, Sendable {
    /// To bring frames into a spool's folder.
    case tether(spool: String)
    /// To say who the camera is and how it is doing, and end. We change nothing on it (ptp2 sets a Canon body to its card when
    /// it is asked), and no event is taken: with one a frame that lies in the camera's memory would leave it.
    case identify
    /// To try it, step by step, and wait so long for a frame.
    case check(shutter: Duration)
  }

  /// Runs until the end; blocks its thread.
  /// - Parameters:
  ///   - port: where the camera is, in libgphoto2's spelling without the doubled port, `ptpip:192.168.1.9:15740`.
  ///   - takesOver: whether programs that hold the camera are asked to let go.
  ///   - purpose: what it is started for.
  /// - Returns: the process's exit code; what happened has been reported.
  public static func main(
    port: String, takesOver: Bool, purpose: Purpose
  ) -> Int32 {
    // The parent ends its workers over the pipe; a terminal's Ctrl-C and a service manager's SIGTERM are its business.
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_IGN)
    signal(SIGHUP, SIG_IGN)
    guard CameraProcess.endWithParent() else { return ExitCode.ours }
    CameraProcess.prepare(guid: PairingIdentity.guid)
    let channel = WorkerChannel()
    channel.send(.hello(version: WorkerProtocol.version))
    guard let port = try? CameraPort(parsing: port) else {
      channel.send(
        .lost(CameraLoss(code: .unknownCamera, message: "\(port.debugDescription) names no camera.")))
      return ExitCode.usage
    }
    switch purpose {
    case .tether(let spool): return tether(port, channel, spool: spool, takesOver: takesOver)
    case .identify: return identify(port, channel, takesOver: takesOver)
    case .check(let shutter): return check(port, channel, shutter: shutter)
    }
  }

  private static func tether(
    _ port: CameraPort, _ channel: WorkerChannel, spool: String, takesOver: Bool
  ) -> Int32 {
    guard let writer = OriginalWriter(spool: Spool(root: FilePath(spool)), channel: channel) else {
      channel.send(.lost(CameraLoss(code: .workerDied, message: "There is no memory left.")))
      return ExitCode.ours
    }
    let loop: WorkerLoop
    do {
      loop = try freeing(port, channel, takesOver) { () throws(GPhotoError) in
        try WorkerLoop(port: port, channel: channel, writer: writer)
      }
    } catch {
      channel.send(.lost(CameraLoss(connecting: error, port: port)))
      return ExitCode.unavailable
    }
    do {
      try loop.run()
      return 0
    } catch {
      writer.drain()
      channel.send(.lost(CameraLoss(error, port: port)))
      return ExitCode.unavailable
    }
  }

  private static func identify(_ port: CameraPort, _ channel: WorkerChannel, takesOver: Bool) -> Int32 {
    do {
      let held = try freeing(port, channel, takesOver) { () throws(GPhotoError) in
        try WorkerCamera(port: port)
      }
      channel.send(.connected(try held.identify(setsTarget: false), try held.status()))
      held.camera.close()
      return 0
    } catch {
      channel.send(.lost(CameraLoss(connecting: error, port: port)))
      return ExitCode.unavailable
    }
  }

  private static func check(_ port: CameraPort, _ channel: WorkerChannel, shutter: Duration) -> Int32 {
    do {
      try CameraCheck(port: port, channel: channel, shutter: shutter).run()
      return 0
    } catch {
      channel.send(.lost(CameraLoss(connecting: error, port: port)))
      return ExitCode.unavailable
    }
  }

  /// Connects; if another program holds the camera, and that is wanted, once more after that was asked to let go.
  private static func freeing<Connected>(
    _ port: CameraPort, _ channel: WorkerChannel, _ takesOver: Bool,
    _ connect: () throws(GPhotoError) -> Connected
  ) throws(GPhotoError) -> Connected {
    do {
      return try connect()
    } catch  where error.recovery == .release && takesOver {
      let outcomes = DeviceRelease(port).request()
      for (holder, outcome) in outcomes where outcome != .stays {
        let how = outcome == .unmounted ? "was asked to unmount it" : "was ended"
        channel.send(
          .warning(
            code: "taken_over",
            message: "\(holder.name) (process \(holder.process)) held the camera at \(port), and \(how)."))
      }
      guard !outcomes.isEmpty, outcomes.allSatisfy({ $0.outcome != .stays }) else { throw error }
      return try connect()
    }
  }

  /// What the shell sees if somebody runs the hidden command by hand.
  private enum ExitCode {
    static let usage: Int32 = 64
    static let unavailable: Int32 = 69
    static let ours: Int32 = 70
  }
}

extension CameraLoss {
  /// What a failure of the connection means, and what to do about it.
  init(_ error: GPhotoError, port: CameraPort, isConnecting: Bool = false) {
    switch error.kind {
    case _ where port.isUnplugged && !isConnecting:
      // What the driver says of a transfer that was cut off is any of a handful.
      self = .unplugged(port)
    case .unknownPort:
      self.init(
        code: .unknownCamera,
        message:
          "There is no camera at \(port): \(error.detail ?? error.text). `pixcheese cameras` lists what is there."
      )
    case .modelNotFound:
      self.init(code: .notACamera, message: "\(error.detail ?? "The device at \(port) is no camera").")
    case .cannotClaim, .cannotLock:
      self.init(code: .held, message: Self.heldMessage(port: port))
    case .deviceGone:
      self = .unplugged(port)
    default:
      self.init(
        code: .connectionLost, message: "The connection to the camera at \(port) broke: \(error.description)."
      )
    }
  }

  /// What a failure to connect means.
  init(connecting error: GPhotoError, port: CameraPort) {
    self.init(error, port: port, isConnecting: true)
    guard code == .connectionLost else { return }
    if port.isForbidden, let node = port.node {
      self.init(
        code: .notAllowed,
        message:
          "You may not open the camera at \(port) (\(node)). udev/60-pixcheese.rules gives cameras to whoever sits at the "
          + "machine and to the group plugdev: install it (`make install`), join the group "
          + "(`sudo usermod -aG plugdev $USER`, then log in again), and plug the camera in again.")
      return
    }
    code = .refused
    switch port {
    case .ptpip:
      message =
        "The camera at \(port) does not let us in (\(error.text), \(error.code)). Is it switched on, on this network, "
        + "and set to remote shooting with nobody else connected?"
    case .usb, .disk:
      message = "The camera at \(port) does not answer (\(error.description)). Switch it off and on again."
    }
  }

  static func unplugged(_ port: CameraPort) -> CameraLoss {
    CameraLoss(code: .unplugged, message: "The camera at \(port) was unplugged or switched off.")
  }

  private static func heldMessage(port: CameraPort) -> String {
    guard let holder = DeviceHolder.holding(port).first else {
      return
        "Another program holds the camera at \(port). Often it is the desktop: `gio mount -s gphoto2` frees it, and so does --take-over."
    }
    return "\(holder.name) (process \(holder.process)) holds the camera at \(port). \(holder.remedy)"
  }
}
