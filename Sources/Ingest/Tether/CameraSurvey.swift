import Blocking
import Foundation
import GPhoto
public import SystemPackage

/// Looks at cameras once: who is there, and whether each can be used, and if not why.
public struct CameraSurvey: Sendable {
  /// One camera, or something that would be one in another mode.
  public struct Finding: Hashable, Sendable {
    /// As `--camera` names it.
    public var port: String
    /// `nil` where it could not be asked.
    public var model: String?
    public var serial: String?
    public var status: CameraStatus?
    /// Why it cannot be used and what to do; `nil` where it can.
    public var problem: String?
  }

  private let executable: FilePath
  private let takesOver: Bool
  /// How long one camera may take to answer.
  private static let patience = Duration.seconds(20)

  /// - Parameter takesOver: whether programs that hold a camera are asked to let go of it.
  public init(executable: FilePath = "/proc/self/exe", takesOver: Bool = false) {
    self.executable = executable
    self.takesOver = takesOver
  }

  /// Asks every camera, all at once, each through a worker process of its own as `tether` does.
  /// - Parameter selections: `auto` stands for every PTP device on USB.
  /// - Throws: `TetherError` with `.noUSB` where USB cannot be looked at.
  public func findings(for selections: [CameraSelection]) async throws(TetherError) -> [Finding] {
    var ports: [CameraPort] = []
    var findings: [Finding] = []
    for selection in selections {
      switch selection {
      case .port(let port): ports.append(port)
      case .auto:
        for device in try await attached() {
          if device.isPTP {
            ports.append(device.port)
          } else if device.isMassStorage, let maker = Self.makers[device.vendor] {
            findings.append(
              Finding(
                port: device.port.description, model: maker,
                problem:
                  "It is connected as a disk. Set its USB mode to PTP (\"PC Remote\", \"MTP/PTP\") in its menu."
              ))
          }
        }
      }
    }
    let asked = await withTaskGroup(of: (Int, Finding).self) { group in
      for (index, port) in ports.enumerated() {
        group.addTask { (index, await ask(port)) }
      }
      return await group.reduce(into: [Int: Finding]()) { $0[$1.0] = $1.1 }
    }
    return ports.indices.compactMap { asked[$0] } + findings
  }

  /// Asks one camera, and once more if its device was gone between our look at the bus and the worker's.
  private func ask(_ port: CameraPort) async -> Finding {
    let (finding, loss) = await askOnce(port)
    guard loss?.code == .unknownCamera, case .usb = port else { return finding }
    return await askOnce(port).finding
  }

  private func askOnce(_ port: CameraPort) async -> (finding: Finding, loss: CameraLoss?) {
    let (worker, messages) = start(at: port, ["--identify"])
    return await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Cut short when the worker has ended: then there is nothing left to kill.
        try? await Task.sleep(for: Self.patience)
        worker.kill()
      }
      defer { group.cancelAll() }
      return await listen(to: worker, messages, at: port)
    }
  }

  /// Starts a worker.
  /// - Parameter more: options that say what for.
  func start(
    at port: CameraPort, _ more: [String]
  ) -> (worker: WorkerProcess, messages: AsyncStream<WorkerProcess.Message>) {
    let (messages, continuation) = AsyncStream<WorkerProcess.Message>.makeStream()
    let worker = WorkerProcess(
      arguments: [
        executable.string, "camera-worker", "--port", port.description,
      ] + (takesOver ? ["--take-over"] : []) + more
    ) { message in
      continuation.yield(message)
      if case .ended = message { continuation.finish() }
    }
    return (worker, messages)
  }

  /// What a worker says of its camera, until it ends: by itself, having left the camera in order.
  private func listen(
    to worker: WorkerProcess, _ messages: AsyncStream<WorkerProcess.Message>, at port: CameraPort
  ) async -> (finding: Finding, loss: CameraLoss?) {
    var loss: CameraLoss?
    var finding = Finding(
      port: port.description, problem: "It did not answer. Switch it off and on, and try another cable.")
    for await message in messages {
      switch message {
      case .report(.connected(let identity, let status)):
        finding = Finding(
          port: port.description, model: DisplayName.of(identity.model),
          serial: identity.serial.map(DisplayName.of),
          status: status, problem: nil)
      case .report(.lost(let reason)) where finding.model == nil:
        loss = reason
        finding.problem = DisplayName.line(reason.message)
      case .report, .ended: continue
      case .nonsense: worker.kill()
      }
    }
    return (finding, loss)
  }

  func attached() async throws(TetherError) -> [USBDevice] {
    do throws(USBError) {
      return try await offload { () throws(USBError) in try USBDevice.attached() }
    } catch {
      throw TetherError(code: .noUSB, message: "USB cannot be looked at: \(error).", underlying: error)
    }
  }

  /// USB vendor numbers of those who make cameras (usb.ids).
  private static let makers: [UInt16: String] = [
    0x04a9: "Canon", 0x04b0: "Nikon", 0x04cb: "Fujifilm", 0x04da: "Panasonic", 0x054c: "Sony",
    0x07b4: "Olympus",
    0x0a17: "Pentax", 0x25fb: "Ricoh", 0x1a98: "Leica", 0x1003: "Sigma",
  ]
}
