import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite("Cameras")
  struct CameraTests {
    @Test("Every vendor's camera is tethered", arguments: ["generic", "nikon", "canon", "sony", "fuji"])
    func vendors(vendor: String) async throws {
      try await tethering("--vendor", vendor) { camera in try await camera.shoot(3) }
    }

    @Test("A connection that breaks in the middle of a download, twice, loses nothing")
    func drop() async throws {
      try await tethering { camera in
        try await camera.tell("fault drop-after 150000")
        try await camera.shoot(2)
        try await camera.tell("fault drop-after 70000")
        try await camera.shoot(2)
      }
    }

    @Test("Frames that are taken while the connection is down are fetched when it is up again")
    func downMeanwhile() async throws {
      try await tethering { camera in
        try await camera.shoot()
        try await camera.tell("fault refuse 3")
        try await camera.tell("fault drop")
        try await camera.shoot(3)
      }
    }

    @Test("Events that come twice make no frame twice")
    func duplicates() async throws {
      try await tethering { camera in
        try await camera.tell("fault duplicate-events 5")
        try await camera.shoot(5)
      }
    }

    @Test("Downloads that lack their end are made again until they are whole")
    func short() async throws {
      try await tethering { camera in
        try await camera.tell("fault short 5000 3")
        try await camera.shoot(2)
        try await camera.tell("fault truncate 4000")
        try await camera.shoot()
      }
    }

    @Test("A camera that is busy for a while is waited for")
    func busy() async throws {
      try await tethering { camera in
        try await camera.tell("fault busy 5")
        try await camera.shoot(2)
      }
    }

    @Test("Numbers that begin again in a new folder are new frames")
    func rollover() async throws {
      try await tethering { camera in
        try await camera.shoot(2)
        try await camera.tell("fault rollover")
        try await camera.shoot(3)
      }
    }

    @Test(
      "A name that is a trap stays a name", arguments: ["traversal", "long", "control", "emoji", "chinese"])
    func names(kind: String) async throws {
      let home = try await tethering { camera in
        try await camera.tell("fault hostile-name \(kind)")
        try await camera.shoot()
      }
      // Whatever it was called, nothing is outside the home, and nothing has a control character in its name.
      #expect(try FileManager.default.contentsOfDirectory(atPath: home.folder.path) == ["home"])
      let files =
        FileManager.default.enumerator(atPath: home.path)?.allObjects.compactMap { $0 as? String } ?? []
      #expect(!files.contains { $0.contains { $0.isNewline || $0 == "\u{1B}" } })
    }

    @Test("A worker that is killed is replaced, and no frame is lost")
    func workerKilled() async throws {
      try await tethering { camera in
        try await camera.shoot()
        for worker in try camera.workers() { kill(worker, SIGKILL) }
        try await camera.shoot(2)
      }
    }

    /// Tethers a camera, lets `body` use it, and expects every frame in the album, once, byte for byte.
    @discardableResult
    private func tethering(
      _ arguments: String..., body: (SimulatedCamera) async throws -> Void
    ) async throws -> Home {
      let camera = try await SimulatedCamera.start(arguments + ["--megabytes", "0.3", "--scenes", "2"])
      let home = try Home()
      let tether = try home.tether(camera, album: "Party")
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      try await body(camera)
      try await expectExactly(camera.shots, in: album)
      for shot in camera.shots {
        let safe = tether.events.filter { $0.event == "frame.safe" && $0.frame == shot.sha256 }
        #expect(safe.map(\.sha256) == [shot.sha256])
        #expect(safe.map(\.bytes) == [shot.bytes])
      }
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: camera.shots.count)
      return home
    }

    @Test("Delivered originals leave the spool by hand, after a rehearsal, and nothing else does")
    func prune() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "2")
      let tether = try home.tether(camera, album: "Party", ["--frames", "2"])
      try await tether.first("camera.connected")
      try await camera.shoot(2)
      #expect(try await tether.end() == .exit(0), "\(tether.words)")
      struct Answer: Decodable {
        struct Original: Decodable { let name: String, path: String }
        let originals: [Original]
      }
      func lie(_ answer: Answer) -> Int {
        answer.originals.count { FileManager.default.fileExists(atPath: $0.path) }
      }
      let kept: Answer = try await home.answer("queue", "prune")
      #expect(kept.originals.isEmpty, "for ever, if nobody says otherwise")
      let rehearsed: Answer = try await home.answer("queue", "prune", "--keep", "delivered", "--dry-run")
      #expect(rehearsed.originals.count == 2 && lie(rehearsed) == 2)
      let left: Answer = try await home.answer("queue", "prune", "--keep", "delivered")
      #expect(left.originals.count == 2 && lie(left) == 0)
      try await expectNothingLeft(in: home, frames: 2)
      #expect(try await home.run("queue", "prune", "--keep", "sometimes").status == .exit(64))
    }
  }
}
