import CameraSimulator
import Crypto
import Foundation
import Glibc
import Testing

/// Debian's `gphoto2` program, run against a simulated camera with a home and a folder of its own.
struct GPhoto2 {
  static let path = "/usr/bin/gphoto2"
  static let isInstalled = FileManager.default.isExecutableFile(atPath: path)

  /// What a run has left behind.
  struct Outcome: Sendable {
    let exitCode: Int32
    let output: String
    /// The files it has saved: SHA-256 by name.
    let files: [String: String]

    /// The hashes in order, for comparing with shots whose names the driver changes.
    var hashes: [String] { files.values.sorted() }
  }

  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("camsim-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("out"), withIntermediateDirectories: true)
  }

  func remove() {
    removeFolder(folder)
  }

  /// Starts it; `end` ends a run that would go on.
  func start(_ arguments: [String], camera: SimulatedCamera) throws -> Run {
    try Run(arguments, camera: camera, folder: folder)
  }

  /// Runs it to its end.
  func run(_ arguments: String..., camera: SimulatedCamera) async throws -> Outcome {
    try await start(arguments, camera: camera).outcome()
  }

  /// A run that goes on.
  final class Run: @unchecked Sendable {
    // Only `outcome` and `end` touch the process, and both may be called from anywhere.
    private let process = Process()
    private let folder: URL
    private let log: URL
    private let ended: AsyncStream<Int32>

    init(_ arguments: [String], camera: SimulatedCamera, folder: URL) throws {
      self.folder = folder
      log = folder.appendingPathComponent("log")
      try Data().write(to: log)
      // Line by line, so that the log can be watched.
      process.executableURL = URL(fileURLWithPath: "/usr/bin/stdbuf")
      process.arguments =
        ["-oL", GPhoto2.path, "--camera", "PTP/IP Camera", "--port", camera.gphotoPort] + arguments
      process.currentDirectoryURL = folder.appendingPathComponent("out")
      process.environment = ["HOME": folder.path, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"]
      let output = try FileHandle(forWritingTo: log)
      process.standardOutput = output
      process.standardError = output
      process.standardInput = FileHandle.nullDevice
      let (ended, continuation) = AsyncStream.makeStream(of: Int32.self)
      self.ended = ended
      process.terminationHandler = {
        continuation.yield($0.terminationStatus)
        continuation.finish()
      }
      try process.run()
    }

    /// What the files in the folder are now: SHA-256 by name.
    func files() throws -> [String: String] {
      var files: [String: String] = [:]
      for file in try FileManager.default.contentsOfDirectory(
        at: folder.appendingPathComponent("out"), includingPropertiesForKeys: nil)
      {
        files[file.lastPathComponent] = hex(SHA256.hash(data: try Data(contentsOf: file)))
      }
      return files
    }

    /// Whether it is tethered and waits: a frame that is taken while the driver still starts confuses it.
    var isWaiting: Bool {
      get throws { String(decoding: try Data(contentsOf: log), as: UTF8.self).contains("Waiting for events") }
    }

    deinit {
      if process.isRunning { end() }
    }

    /// Ends it. Foundation starts a child with the signals blocked that its own thread has blocked, so only
    /// this one reaches it.
    func end() {
      kill(process.processIdentifier, SIGKILL)
    }

    func outcome() async throws -> Outcome {
      var code: Int32 = -1
      for await status in ended { code = status }
      return Outcome(
        exitCode: code, output: String(decoding: try Data(contentsOf: log), as: UTF8.self), files: try files()
      )
    }
  }
}

/// Removes what a test has made.
func removeFolder(_ folder: URL) {
  do {
    try FileManager.default.removeItem(at: folder)
  } catch {
    Issue.record("\(folder.path) cannot be removed: \(error)")
  }
}

/// Hexadecimal digits of a digest.
func hex(_ digest: SHA256Digest) -> String {
  digest.map { String(format: "%02x", $0) }.joined()
}

/// Waits until something is so; a test's own time limit ends what never comes.
func eventually(_ condition: () async throws -> Bool) async throws {
  while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
}

/// A camera for tests: frames of noise, quick to make.
func configuration(_ vendor: Vendor, bytes: Int = 300_000) -> CameraConfiguration {
  var configuration = CameraConfiguration()
  configuration.vendor = vendor
  configuration.pictures = .noise(bytes: bytes)
  return configuration
}
