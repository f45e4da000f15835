import CameraSimulator
import Foundation
import GPhoto
import Glibc
import Journal
import Logging
import Model
import Synchronization
import SystemPackage
import Testing

@testable import Ingest

/// A simulated camera, a journal in a temporary folder, and `tether` between them with real worker processes.
final class Tethering: Sendable {
  let folder: URL
  let camera: SimulatedCamera
  let journal: Journal
  let session: Session
  /// How the last `tether` left its session.
  let end = Mutex(End())

  struct End: Sendable {
    var away: Set<String> = []
    var isComplete = false
    var setAside = 0
  }

  /// The program that understands `camera-worker`: the one that was built with the tests.
  static let executable: FilePath? = {
    // As the program does: a worker that ends while it is told something must not end us.
    signal(SIGPIPE, SIG_IGN)
    if let path = ProcessInfo.processInfo.environment["PIXCHEESE_WORKER"] { return FilePath(path) }
    let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let path = folder.appendingPathComponent("pixcheese").path
    return FileManager.default.isExecutableFile(atPath: path) ? FilePath(path) : nil
  }()

  init(_ configuration: CameraConfiguration) async throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("tether-\(UUID().uuidString)")
    camera = try SimulatedCamera(configuration)
    let root = FilePath(folder.path)
    journal = try await Journal.open(at: root.appending("journal.sqlite"), spool: root.appending("spool"))
    session = try await journal.beginSession()
  }

  /// Small frames of noise: nobody looks at them.
  static func configuration(_ vendor: Vendor = .generic, bytes: Int = 200_000) -> CameraConfiguration {
    var configuration = CameraConfiguration()
    configuration.vendor = vendor
    configuration.pictures = .noise(bytes: bytes)
    return configuration
  }

  func remove() {
    camera.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Runs `tether` while `body` does something with what it tells; then stops it.
  /// - Returns: how many announced frames were left.
  @discardableResult
  func tether(
    catchUp: CatchUp = .session, ports: [CameraPort]? = nil, patience: Duration = .seconds(10),
    limits: WorkerLimits = WorkerLimits(), executable: FilePath? = nil, care: CameraCare = CameraCare(),
    _ body: (inout EventReader) async throws -> Void
  ) async throws -> Int {
    let executable = try executable ?? #require(Self.executable)
    let tether = Tether(
      Tether.Configuration(
        cameras: (ports ?? [.ptpip(host: "127.0.0.1", port: camera.port)]).map { .port($0) },
        catchUp: catchUp,
        albums: ["test"],
        executable: executable, patience: patience,
        limits: limits, care: care),
      journal: journal, session: session, logger: Logger(label: "test"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await tether.run() }
      var reader = EventReader(tether.events)
      do {
        try await body(&reader)
      } catch {
        tether.stop()
        throw error
      }
      tether.stop()
      try await group.waitForAll()
    }
    end.withLock {
      $0 = End(
        away: tether.away, isComplete: tether.isSessionComplete, setAside: tether.setAside)
    }
    return tether.unfetched
  }

  /// The worker processes of this run, by the spool's path in their arguments.
  var workers: [pid_t] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return folders.compactMap { pid_t($0) }.filter { process in
      guard let arguments = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline")) else {
        return false
      }
      let text = String(decoding: arguments, as: UTF8.self)
      return text.contains("camera-worker") && text.contains(folder.path)
    }
  }

  /// Whether an original has exactly the camera's bytes, under the path that the journal has.
  func isWhole(_ safe: SafeFrame) async throws -> Bool {
    guard let frame = try await journal.frame(withOriginal: safe.sha256) else { return false }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: frame.original.path.string))
    return Int64(bytes.count) == safe.bytes && camera.shots.contains { $0.sha256 == safe.sha256.hex }
  }
}

/// Reads what `tether` tells, in order.
struct EventReader {
  private var iterator: AsyncStream<TetherEvent>.Iterator
  private(set) var seen: [TetherEvent] = []

  init(_ events: AsyncStream<TetherEvent>) {
    iterator = events.makeAsyncIterator()
  }

  /// The next event of a kind; others are passed by.
  mutating func next<Value>(_ match: (TetherEvent) -> Value?) async throws -> Value {
    while let event = await iterator.next(isolation: #isolation) {
      seen.append(event)
      if let value = match(event) { return value }
    }
    throw Ended(seen: seen.suffix(5).map { "\($0)" })
  }

  mutating func connected() async throws -> TetheredCamera {
    try await next { if case .cameraConnected(let camera) = $0 { camera } else { nil } }
  }

  mutating func safe() async throws -> SafeFrame {
    try await next { if case .frameSafe(let frame) = $0 { frame } else { nil } }
  }

  mutating func lost() async throws -> CameraLoss {
    try await next { if case .cameraLost(_, let loss) = $0 { loss } else { nil } }
  }

  mutating func warning() async throws -> String {
    try await next { if case .warning(let code, _) = $0 { code } else { nil } }
  }

  struct Ended: Error {
    let seen: [String]
  }
}
