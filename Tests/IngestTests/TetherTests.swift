import CameraSimulator
import Foundation
import GPhoto
import Journal
import Model
import SystemPackage
import Testing

@testable import Ingest

@Suite(
  "Tethering a simulated camera", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct TetherTests {
  @Test("Frames of every vendor become safe with the camera's bytes", arguments: Vendor.allCases)
  func vendors(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor, bytes: 3_000_000))
    defer { run.remove() }
    let left = try await run.tether { events in
      let camera = try await events.connected()
      #expect(camera.serial == run.camera.configuration.serialNumber)
      for _ in 0..<3 {
        let shot = try await run.camera.shoot()
        let safe = try await events.safe()
        #expect(safe.sha256.hex == shot.sha256)
        #expect(safe.bytes == 3_000_000)
        #expect(safe.isNew)
        #expect(try await run.isWhole(safe))
      }
    }
    #expect(left == 0)
  }

  @Test(
    "A burst is fetched frame by frame, also from a camera's memory, and costs no connection",
    arguments: [Vendor.sony, .canon, .nikon, .generic])
  func burst(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      var shots: Set<String> = []
      for _ in 0..<6 { shots.insert(try await run.camera.shoot().sha256) }
      var safe: Set<String> = []
      for _ in 0..<6 { safe.insert(try await events.safe().sha256.hex) }
      #expect(safe == shots)
      #expect(!events.seen.contains { if case .cameraLost = $0 { true } else { false } })
    }
  }

  @Test("A camera without partial reads is fetched whole")
  func wholeReads() async throws {
    var configuration = Tethering.configuration(bytes: 2_500_000)
    configuration.offersPartialObject = false
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(try await run.isWhole(safe))
    }
  }

  @Test("What was on the card before the session is left alone; with all it is taken, once")
  func baseline() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let before = try await run.camera.shoot()
    try await run.tether { events in
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
    try await run.tether(catchUp: .all) { events in
      let safe = try await events.safe()
      #expect(safe.sha256.hex == before.sha256)
    }
    #expect(try await run.journal.frameCounts().safe == 2)
  }

  @Test("Frames shot while the connection is down are caught up with after it is back")
  func drop() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      _ = try await events.safe()
      run.camera.inject(.drop)
      let missed = [try await run.camera.shoot(), try await run.camera.shoot()]
      _ = try await events.lost()
      let caught = [try await events.safe(), try await events.safe()]
      #expect(Set(caught.map(\.sha256.hex)) == Set(missed.map(\.sha256)))
    }
    #expect(try await run.journal.frameCounts().safe == 3)
  }

  @Test("A session that was not ended goes on: what was shot meanwhile is fetched")
  func continued() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
    }
    let missed = try await run.camera.shoot()
    #expect(try await run.journal.beginSession().isContinued)
    try await run.tether { events in
      let safe = try await events.safe()
      #expect(safe.sha256.hex == missed.sha256)
    }
  }

  @Test("With none, what was missed stays on the card")
  func noCatchUp() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(catchUp: .none) { events in
      _ = try await events.connected()
    }
    _ = try await run.camera.shoot()
    try await run.tether(catchUp: .none) { events in
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
    #expect(try await run.journal.frameCounts().safe == 1)
  }

  @Test("An announcement that comes twice makes one frame")
  func duplicates() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.duplicateEvents(4))
      for _ in 0..<4 { _ = try await run.camera.shoot() }
      for _ in 0..<4 {
        let safe = try await events.safe()
        #expect(safe.isNew)
      }
      let captured = events.seen.filter { if case .frameCaptured = $0 { true } else { false } }
      #expect(captured.count == 4)
    }
    #expect(try await run.journal.frameCounts().safe == 4)
  }

  @Test("A download that lacks bytes never becomes safe, and is tried again until it is whole")
  func shortAnswers() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 2_500_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.short(bytes: 1000, downloads: 2))
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(try await run.isWhole(safe))
    }
    #expect(try await run.journal.frameCounts().safe == 1)
  }

  @Test("A connection that breaks in the middle of a frame loses nothing")
  func dropInside() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 5_000_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.dropAfter(bytes: 2_000_000))
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
      #expect(try await run.isWhole(safe))
    }
  }

  @Test("A busy camera is asked again")
  func busy() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      run.camera.inject(.busy(operations: 5))
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
  }

  @Test("Hostile names stay in the spool's folder, and their bytes are whole")
  func hostileNames() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      for name in ["../../evil.JPG", "照片😀.JPG", "-rf.JPG", "..JPG"] {
        run.camera.inject(.name(name))
        _ = try await run.camera.shoot()
        let safe = try await events.safe()
        #expect(try await run.isWhole(safe))
        let frame = try #require(try await run.journal.frame(withOriginal: safe.sha256))
        #expect(frame.original.path.starts(with: run.journal.spool.root))
        #expect(frame.original.path.lexicallyNormalized() == frame.original.path)
        #expect(!safe.name.contains("/"))
      }
    }
  }

  @Test("A name that aborts libgphoto2 costs a worker, and no frame")
  func abortingName() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.name(String(repeating: "n", count: 200) + ".JPG"))
      let hostile = try await run.camera.shoot()
      let shot = try await run.camera.shoot()
      let both = [try await events.safe().sha256.hex, try await events.safe().sha256.hex]
      #expect(Set(both) == [hostile.sha256, shot.sha256])
    }
  }

  @Test(
    "A frame that was not announced is noticed by the card's room, and fetched",
    arguments: [Vendor.generic, .nikon])
  func missingEvent(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor, bytes: 2_000_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      // The first frame's folder is announced too, and shows it.
      _ = try await run.camera.shoot()
      _ = try await events.safe()
      run.camera.inject(.missingEvents(1))
      let shot = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
  }

  @Test("After the card was formatted, a new frame under an old name is taken, not the old bytes")
  func formatted() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      let first = try await run.camera.shoot()
      _ = try await events.safe()
      // The same name sooner than this is the same announcement again: nobody formats a card that fast.
      try await Task.sleep(for: ObjectTable.repetition + .milliseconds(100))
      try run.camera.format()
      let second = try await run.camera.shoot()
      #expect(first.name == second.name)
      let safe = try await events.safe()
      #expect(safe.sha256.hex == second.sha256)
      #expect(try await run.isWhole(safe))
    }
    #expect(try await run.journal.frameCounts().safe == 2)
  }

  @Test("A camera that falls silent is given up and connected anew, and nothing is lost")
  func stalled() async throws {
    let run = try await Tethering(Tethering.configuration(.nikon))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.stall(seconds: nil))
      let shot = try await run.camera.shoot()
      let loss = try await events.lost()
      #expect(loss.code == .connectionLost)
      run.camera.clearFaults()
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
  }

  @Test("Numbers that roll over into a new folder are frames like any others", arguments: Vendor.allCases)
  func rollover(vendor: Vendor) async throws {
    let run = try await Tethering(Tethering.configuration(vendor))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      run.camera.inject(.rollover)
      for _ in 0..<3 {
        let shot = try await run.camera.shoot()
        let safe = try await events.safe()
        #expect(safe.sha256.hex == shot.sha256)
      }
    }
  }

  @Test("A stop finishes the file under way and leaves the rest to the next run")
  func stop() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 2_000_000))
    defer { run.remove() }
    var expected: Set<String> = []
    let left = try await run.tether { events in
      _ = try await events.connected()
      // One takes a second, and is finished; a stop that comes seconds late still leaves the last ones.
      run.camera.inject(.slow(bytesPerSecond: 2_000_000))
      for _ in 0..<6 { expected.insert(try await run.camera.shoot().sha256) }
      _ = try await events.next { if case .frameProgress = $0 { true } else { nil } }
    }
    let safe = try await run.journal.frameCounts().safe
    #expect(safe >= 1)
    #expect(left >= 1)
    run.camera.clearFaults()
    try await run.tether { events in
      for _ in safe..<6 { _ = try await events.safe() }
    }
    for hash in expected {
      let known = try #require(ContentHash(hex: hash))
      #expect(try await run.journal.frame(withOriginal: known) != nil)
    }
  }

  @Test("A worker that is killed is started again, and what it was at is fetched")
  func killed() async throws {
    let run = try await Tethering(Tethering.configuration(bytes: 12_000_000))
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      let worker = try #require(run.workers.first)
      run.camera.inject(.slow(bytesPerSecond: 2_000_000))
      let shot = try await run.camera.shoot()
      _ = try await events.next { if case .frameProgress = $0 { true } else { nil } }
      kill(worker, SIGKILL)
      run.camera.clearFaults()
      let loss = try await events.lost()
      #expect(loss.code == .workerDied)
      let safe = try await events.safe()
      #expect(safe.sha256.hex == shot.sha256)
    }
    #expect(run.workers.isEmpty)
  }

  @Test("A worker whose pipe something else holds open is given up, and another one takes over")
  func heldPipe() async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    let script = run.folder.appending(path: "worker")
    // The first one leaves a process behind that never ends by itself, and is gone.
    try """
    #!/bin/sh
    cd '\(run.folder.path)'
    [ -e held ] && exec '\(try #require(Tethering.executable).string)' "$@"
    sleep 600 & echo $! >held
    """.write(to: script, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script.path)
    defer {
      let held = try? String(contentsOf: run.folder.appending(path: "held"), encoding: .utf8)
      if let pid = held.flatMap({ pid_t($0.dropLast()) }) { kill(pid, SIGKILL) }
    }
    // Long enough for the true one to connect on a busy machine.
    let limits = WorkerLimits(silence: .seconds(20))
    try await run.tether(patience: .seconds(600), limits: limits, executable: FilePath(script.path)) {
      events in
      _ = try await events.connected()
      let shot = try await run.camera.shoot()
      #expect(try await events.safe().sha256.hex == shot.sha256)
    }
  }
}
