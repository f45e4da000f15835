import CameraSimulator
import Foundation
import GPhoto
import Glibc
import Journal
import Model
import Synchronization
import SystemPackage
import Testing

@testable import Ingest

@Suite(
  "Nothing is missed", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct MissedTests {
  @Test(
    "A frame that was announced before the first listing was done is fetched by the next run, though it was never baseline"
  )
  func announcedBeforeBaseline() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 400_000))
    defer { run.remove() }
    for _ in 0..<80 { _ = try await run.camera.shoot() }
    // A body that is slow to look into its folders, and a cable that is too slow for the frame.
    run.camera.inject(.latency(milliseconds: 50))
    run.camera.inject(.slow(bytesPerSecond: 10_000))
    var shot: Shot?
    try await run.tether { events in
      while !run.camera.hasSession { try await Task.sleep(for: .milliseconds(10)) }
      // The listing takes four seconds.
      try await Task.sleep(for: .milliseconds(1400))
      shot = try await run.camera.shoot()
      _ = try await events.next { if case .frameCaptured = $0 { true } else { nil } }
      #expect(!events.seen.contains { if case .cameraConnected = $0 { true } else { false } })
    }
    #expect(!run.end.withLock { $0.isComplete })
    run.camera.clearFaults()
    try await run.tether { events in
      _ = try await events.connected()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot?.sha256)
    }
    #expect(try await run.journal.frameCounts().safe == 1)
  }

  @Test("A listing that the connection broke off is not taken for the whole card")
  func brokenListing() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_000))
    defer { run.remove() }
    for _ in 0..<60 { _ = try await run.camera.shoot() }
    run.camera.inject(.latency(milliseconds: 10))
    try await run.tether { events in
      while !run.camera.hasSession { try await Task.sleep(for: .milliseconds(10)) }
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(500))
        run.camera.inject(.drop)
      }
      run.camera.inject(.latency(milliseconds: 0))
      _ = try await events.connected()
      run.camera.inject(.drop)
      _ = try await events.lost()
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(
        !events.seen.contains { if case .warning(let code, _) = $0 { code == "frame_gone" } else { false } })
    }
    #expect(try await run.journal.frameCounts().safe == 1)
  }

  @Test("A burst into the camera's memory is fetched whole while frames are caught up with")
  func memoryBurst() async throws {
    let run = try await Tethering(Tethering.configuration(.sony, bytes: 3_000_000))
    defer { run.remove() }
    for _ in 0..<4 { _ = try await run.camera.shoot() }
    run.camera.inject(.slow(bytesPerSecond: 6_000_000))
    try await run.tether(catchUp: .all) { events in
      _ = try await events.next { if case .frameProgress = $0 { true } else { nil } }
      var shots: Set<String> = []
      for _ in 0..<6 { shots.insert(try await run.camera.shoot().sha256) }
      run.camera.inject(.slow(bytesPerSecond: 0))
      var fromMemory: Set<String> = []
      while fromMemory.count < 6 {
        let safe = try await events.safe()
        if safe.name.hasPrefix("capt") { fromMemory.insert(safe.sha256.hex) }
      }
      #expect(fromMemory == shots)
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
    }
  }

  @Test("A frame that is shot while a long one is caught up with does not wait for it")
  func preempted() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 12_000_000))
    defer { run.remove() }
    let old = try await run.camera.shoot()
    run.camera.inject(.slow(bytesPerSecond: 2_000_000))
    try await run.tether(catchUp: .all) { events in
      _ = try await events.connected()
      _ = try await events.next { if case .frameProgress = $0 { true } else { nil } }
      let new = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == new.sha256)
      run.camera.inject(.slow(bytesPerSecond: 0))
      let late = try await events.safe()
      #expect(late.sha256.hex == old.sha256)
      #expect(try await run.isWhole(late))
    }
    #expect(run.camera.servedBytes < 12_000_000 * 2 + 2_500_000, "the long one went on where it was")
  }

  @Test(
    "A camera that is away when tether is stopped keeps the session open, and its frames are fetched by the next run"
  )
  func awayAtTheEnd() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.refuse(connections: 10_000))
      run.camera.inject(.drop)
      _ = try await events.lost()
    }
    let end = run.end.withLock { $0 }
    #expect(end.away == [run.camera.configuration.serialNumber] && !end.isComplete)
    run.camera.clearFaults()
    let shot = try await run.camera.shoot()
    try await run.tether { events in
      _ = try await events.connected()
      #expect(try await events.safe().sha256.hex == shot.sha256)
    }
    #expect(run.end.withLock { $0.isComplete && $0.away.isEmpty })
  }

  @Test("A frame whose event was lost in a burst of small ones is found as soon as the camera is quiet")
  func lostInBurst() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_480))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      // A folder that is new is listed, at any moment of the burst.
      var safe: Set<String> = []
      _ = try await run.camera.shoot()
      safe.insert(try await events.safe().sha256.hex)
      for index in 0..<40 {
        if index == 20 { run.camera.inject(.missingEvents(1)) }
        _ = try await run.camera.shoot()
      }
      while safe.count < 41 { safe.insert(try await events.safe().sha256.hex) }
      #expect(safe == Set(run.camera.shots.map(\.sha256)))
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
    }
    #expect(run.end.withLock { $0.isComplete })
  }

  @Test("A camera that is busy at any moment of connecting and listing hides no frame")
  func busyInListing() async throws {
    var configuration = Tethering.configuration(bytes: 20_480)
    configuration.slots = 2
    let run = try await Tethering(configuration)
    defer { run.remove() }
    for _ in 0..<3 { _ = try await run.camera.shoot() }
    try await run.tether { events in
      _ = try await events.connected()
      for moment in 0..<16 {
        run.camera.inject(.drop)
        // Not announced to anybody: only the next connection's listing shows it.
        let shot = try await run.camera.shoot()
        run.camera.inject(.busy(operations: 1, after: moment))
        for _ in 0..<2 { while try await events.safe().sha256.hex != shot.sha256 {} }
        run.camera.clearFaults()
      }
      #expect(
        !events.seen.contains { if case .warning(let code, _) = $0 { code == "frame_gone" } else { false } })
    }
    #expect(try await run.journal.frameCounts().safe == 16)
  }

  @Test(
    "A stop right after a frame whose event was lost leaves the session open, and the next run fetches it")
  func lostBeforeTheEnd() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_480))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      for _ in 0..<10 { _ = try await run.camera.shoot() }
      for _ in 0..<10 { _ = try await events.safe() }
      run.camera.inject(.missingEvents(1))
      _ = try await run.camera.shoot()
    }
    #expect(!run.end.withLock { $0.isComplete })
    try await run.tether { events in
      _ = try await events.connected()
      #expect(try await events.safe().sha256.hex == run.camera.shots.last?.sha256)
    }
    #expect(run.end.withLock { $0.isComplete })
  }

  @Test("A clock that jumps makes no frame twice and loses none", arguments: [Vendor.generic, .canon])
  func clockJumps(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      for offset in [0, -40_000_000, 90_000, 0] as [Double] {
        run.camera.setClock(offset: offset)
        let shot = try await run.camera.shoot()
        #expect(try await events.safe().sha256.hex == shot.sha256)
        run.camera.inject(.drop)
        _ = try await events.lost()
        _ = try await events.connected()
      }
    }
    #expect(try await run.journal.frameCounts().safe == 4)
  }

  @Test("Two slots that announce both copies make one frame")
  func twoSlots() async throws {
    var configuration = Tethering.configuration()
    configuration.slots = 2
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      for _ in 0..<3 {
        let shot = try await run.camera.shoot()
        let both = [try await events.safe(), try await events.safe()]
        #expect(both.map(\.sha256.hex) == [shot.sha256, shot.sha256])
        #expect(both.map(\.isNew) == [true, false])
      }
    }
    #expect(try await run.journal.frameCounts().safe == 3)
  }
}

@Suite(
  "A worker is replaceable", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct ReplacedWorkerTests {
  @Test("A frame that a broken connection cut off goes on where it was")
  func resumed() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_000_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.dropAfter(bytes: 15_000_000))
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(try await run.isWhole(safe))
    }
    #expect(run.camera.servedBytes < 23_000_000, "not fetched from its beginning again")
    #expect(try parts(of: run) == [])
  }

  @Test("A frame that a killed worker was at goes on where it was")
  func resumedAfterKill() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 30_000_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      let worker = try #require(run.workers.first)
      run.camera.inject(.slow(bytesPerSecond: 8_000_000))
      let shot = try await run.camera.shoot()
      _ = try await events.next {
        if case .frameProgress(_, let bytes, _) = $0, bytes > 10_000_000 { true } else { nil }
      }
      kill(worker, SIGKILL)
      run.camera.clearFaults()
      #expect(try await events.lost().code == .workerDied)
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(try await run.isWhole(safe))
    }
    // Again goes what was in the worker's buffers, and not all that had come.
    #expect(run.camera.servedBytes < 30_000_000 + 10_000_000)
  }

  @Test(
    "A stop leaves a long frame's part, and the next run goes on with it; another file's bytes are not gone on with",
    arguments: [false, true])
  func resumedByNextRun(isSpoilt: Bool) async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 20_000_000))
    defer { run.remove() }
    var shot: Shot?
    let left = try await run.tether { events in
      _ = try await events.connected()
      // The worker goes on for two and a half seconds after a stop, and a stop may come late by as much.
      run.camera.inject(.slow(bytesPerSecond: 2_000_000))
      shot = try await run.camera.shoot()
      _ = try await events.next {
        if case .frameProgress(_, let bytes, _) = $0, bytes > 2_000_000 { true } else { nil }
      }
    }
    #expect(left == 1)
    let part = try #require(try parts(of: run).first)
    let kept = try Data(contentsOf: part)
    #expect(kept.count > 2_000_000)
    if isSpoilt { try Data(repeating: 7, count: kept.count).write(to: part) }
    run.camera.clearFaults()
    let served = run.camera.servedBytes
    try await run.tether { events in
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot?.sha256)
      #expect(try await run.isWhole(safe))
    }
    #expect(isSpoilt == (run.camera.servedBytes - served > 20_000_000))
  }

  @Test("A worker that has grown is replaced between frames, and nobody notices")
  func recycled() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let limits = WorkerLimits(memory: 1, shortestLife: .milliseconds(500))
    try await run.tether(limits: limits) { events in
      _ = try await events.connected()
      let first = try #require(run.workers.first)
      var shots: Set<String> = []
      var safe: Set<String> = []
      for _ in 0..<12 {
        shots.insert(try await run.camera.shoot().sha256)
        safe.insert(try await events.safe().sha256.hex)
        try await Task.sleep(for: .milliseconds(150))
      }
      #expect(safe == shots)
      while run.workers.contains(first) { try await Task.sleep(for: .milliseconds(20)) }
      let shot = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == shot.sha256)
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
    }
    #expect(try await run.journal.frameCounts().safe == 13)
  }

  @Test("A worker that hangs is ended and replaced, and nothing is lost")
  func hung() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(limits: WorkerLimits(silence: .seconds(15))) { events in
      _ = try await events.connected()
      kill(try #require(run.workers.first), SIGSTOP)
      let shot = try await run.camera.shoot()
      #expect(try await events.lost().code == .workerHung)
      #expect(try await events.safe().sha256.hex == shot.sha256)
    }
  }

  private func parts(of run: Tethering) throws -> [URL] {
    let folder = run.folder.appendingPathComponent("spool/partial")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  }

  @Test("What a worker says that cannot be is not believed")
  func hostileWorker() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let secret = run.folder.appendingPathComponent("secret.JPG")
    try Data("abc".utf8).write(to: secret)
    let day = run.folder.appendingPathComponent("spool/2026-11-23")
    try FileManager.default.createDirectory(at: day, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: day.appendingPathComponent("link.JPG"), withDestinationURL: secret)
    try Data("abcd".utf8).write(to: day.appendingPathComponent("long.JPG"))
    let hash = ContentHash(of: Data("abc".utf8))
    func object(_ id: UInt64, _ name: String, bytes: Int64? = 3, folder: String = "/store_00010001")
      -> CameraObject
    {
      CameraObject(id: id, folder: folder, name: name, bytes: bytes, modified: 1, mediaType: "image/jpeg")
    }
    func fetched(_ id: UInt64, _ path: String) -> WorkerReport {
      .fetched(object: id, path: path, bytes: 3, sha256: hash)
    }
    let reports: [WorkerReport] = [
      .hello(version: WorkerProtocol.version), .alive(patience: -5), .alive(patience: .max),
      .connected(
        WorkerIdentity(model: "\u{1b}[2J", serial: "../../etc", captureTarget: .unknown),
        CameraStatus(battery: nil, storages: [])),
      .appeared(object(1, "a.JPG")), .appeared(object(2, "b.JPG")), .appeared(object(3, "c.JPG")),
      .appeared(object(4, "d.JPG")),
      .appeared(object(5, String(repeating: "x", count: 5000) + ".JPG")),
      .appeared(object(6, "e.JPG", bytes: -9)), .appeared(object(7, "f.JPG", folder: "nowhere")),
      .appeared(object(8, "")),
      fetched(1, secret.path), fetched(2, "\(day.path)/../../secret.JPG"), fetched(3, "\(day.path)/link.JPG"),
      fetched(4, "\(day.path)/long.JPG"), fetched(99, "\(day.path)/long.JPG"),
      .progress(object: 98, bytes: -1), .failed(object: 97, FetchFailure(code: .gone, message: "\u{7}")),
      .listed([], isComplete: true),
    ]
    let lines = try reports.flatMap { try MessageCoding.line($0) }
    try Data(lines).write(to: run.folder.appendingPathComponent("reports"))
    let script = run.folder.appendingPathComponent("worker")
    try Data("#!/bin/sh\ncat '\(run.folder.path)/reports' >&4\nexec grep -q stop <&3\n".utf8).write(
      to: script)
    chmod(script.path, 0o755)
    try await run.tether(executable: FilePath(script.path)) { events in
      let camera = try await events.connected()
      #expect(camera.camera == ".._.._etc" && camera.model == "_[2J")
      #expect(!events.seen.contains { if case .frameSafe = $0 { true } else { false } })
      #expect(events.seen.contains { if case .warning("worker_nonsense", _) = $0 { true } else { false } })
    }
    #expect(try await run.journal.frameCounts().safe == 0)
    #expect(try String(contentsOf: secret, encoding: .utf8) == "abc")
  }

  @Test(
    "A worker that speaks nonsense, says too much or ends at once costs nothing but itself",
    arguments: ["nonsense\\n", "{\\\"hello\\\":{\\\"version\\\":1}}\\n", "\\000\\n"])
  func nonsense(text: String) async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let script = run.folder.appendingPathComponent("worker")
    try Data("#!/bin/sh\nprintf '\(text)' >&4\nexec cat <&3\n".utf8).write(to: script)
    chmod(script.path, 0o755)
    let error = await #expect(throws: TetherError.self) {
      try await run.tether(patience: .milliseconds(100), executable: FilePath(script.path)) { events in
        while (try? await events.warning()) != nil {}
      }
    }
    #expect(error?.code == .noCamera(.workerDied))
  }
}
