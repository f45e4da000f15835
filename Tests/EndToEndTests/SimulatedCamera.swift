import Foundation
import Testing

/// `pixcheese-camsim`, running.
struct SimulatedCamera: Sendable {
  /// A frame that it took, as it says itself.
  struct Shot: Hashable, Sendable {
    let name: String
    let bytes: Int64
    let sha256: String
  }

  let program: Program
  /// Its port on 127.0.0.1.
  let port: UInt16
  let vendor: String
  let serial: String

  /// `--camera` of `pixcheese tether`.
  var address: String { "ptpip:127.0.0.1:\(port)" }

  static func start(_ arguments: String...) async throws -> SimulatedCamera {
    try await start(arguments)
  }

  static func start(_ arguments: [String]) async throws -> SimulatedCamera {
    let program = try Program(Home.camsim, arguments + ["--port", "0", "--exit-on-eof"])
    let ready = try await program.first("ready")
    guard case .number(let port) = ready.port, let vendor = ready.vendor, let serial = ready.serial else {
      throw Program.Failure(description: "the camera does not say what it is")
    }
    return SimulatedCamera(program: program, port: port, vendor: vendor, serial: serial)
  }

  /// Every frame that it has taken.
  var shots: [Shot] { Self.shots(in: program.events) }

  private static func shots(in events: some Sequence<Event>) -> [Shot] {
    events.compactMap { event in
      guard event.event == "shot", let name = event.name, let bytes = event.bytes, let sha256 = event.sha256
      else { return nil }
      return Shot(name: name, bytes: bytes, sha256: sha256)
    }
  }

  /// Takes frames, and waits until they are taken.
  /// - Returns: the new ones.
  @discardableResult
  func shoot(_ count: Int = 1) async throws -> [Shot] {
    let before = program.eventCount
    try await tell("shoot \(count)")
    return try await program.find("\(count) shots") { events in
      let shots = Self.shots(in: events[before...])
      return shots.count >= count ? shots : nil
    }
  }

  /// Gives it a command, one at a time, and waits for its answer.
  /// - Throws: `Program.Failure` if it does not do it.
  func tell(_ command: String) async throws {
    try await program.perform(command)
  }

  /// The workers of any `pixcheese` that own this camera.
  func workers() throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(pid_t.init).filter { process in
      // A process that ended meanwhile has no command line any more.
      guard let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { return false }
      let arguments = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return arguments.contains("camera-worker") && arguments.contains { $0.hasSuffix(":\(port)") }
    }
  }
}
