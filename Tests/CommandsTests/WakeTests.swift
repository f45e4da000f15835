import CameraSimulator
import Foundation
import GPhoto
import Ingest
import Journal
import Logging
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite(
  "A laptop that wakes", .enabled(if: FakeBus.isPossible, "no dbus-daemon, or no python3-gi"),
  .enabled(if: Worker.program != nil, "pixcheese is not built"))
struct WakeTests {
  @Test("A camera that is in a long pause between two tries is connected at once")
  func retry() async throws {
    let folder = try TemporaryFolder()
    let root = FilePath(folder.path)
    let logind = try await FakeLogind()
    var configuration = CameraConfiguration()
    configuration.pictures = .noise(bytes: 50_000)
    // One that it has again after it was away.
    configuration.port = try LoopbackPort.free()
    let camera = try SimulatedCamera(configuration)
    let journal = try await Journal.open(
      at: root.appending("journal.sqlite"), spool: root.appending("spool"))
    var watched = Tether.Configuration(
      cameras: [.port(.ptpip(host: "127.0.0.1", port: camera.port))], catchUp: .session, albums: ["test"],
      executable: try #require(Worker.program))
    // Nothing but the machine's waking ends such a pause within this test's life.
    watched.retryPauses = .seconds(3600) ... .seconds(3600)
    let tether = Tether(
      watched, journal: journal, session: try await journal.beginSession(), logger: Logger(label: "test"))
    let start = ContinuousClock.now
    let keeper = SleepKeeper(
      lastMovement: { start }, inhibits: true, logger: Logger(label: "test"), busAddress: logind.address,
      onWake: { tether.retry() })
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await tether.run() }
      group.addTask { await keeper.run() }
      await logind.says("taken delay")
      var events = tether.events.makeAsyncIterator()
      try await Self.next(&events) { if case .cameraConnected = $0 { true } else { false } }
      camera.stop()
      try await Self.next(&events) { if case .cameraLost = $0 { true } else { false } }
      let again = try SimulatedCamera(configuration)
      defer { again.stop() }
      try logind.tell(sleeps: true)
      await logind.says("given back delay")
      try logind.tell(sleeps: false)
      try await Self.next(&events) { if case .cameraConnected = $0 { true } else { false } }
      tether.stop()
      group.cancelAll()
    }
    withExtendedLifetime(folder) {}
  }

  private static func next(
    _ events: inout AsyncStream<TetherEvent>.Iterator, where isWanted: (TetherEvent) -> Bool
  ) async throws {
    while let event = await events.next(isolation: nil) {
      if isWanted(event) { return }
    }
    throw EventsEnded()
  }

  private struct EventsEnded: Error {}
}

/// The program that understands `camera-worker`: the one that was built with the tests.
private enum Worker {
  static let program: FilePath? = {
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let path = folder.appending(path: "pixcheese").path
    return FileManager.default.isExecutableFile(atPath: path) ? FilePath(path) : nil
  }()
}
