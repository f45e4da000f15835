import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  @Suite("The card, cleared of what is delivered")
  struct CardTests {
    private static let deletion = ["--delete-after", "delivered"]

    /// The names of the pictures on a card.
    private func names(on card: URL) -> [String] {
      let names = FileManager.default.enumerator(atPath: card.path)?.allObjects ?? []
      return names.compactMap { $0 as? String }.filter { $0.hasSuffix(".JPG") }.sorted()
    }

    private func waitUntilEmpty(_ card: URL, _ program: Program) async throws {
      let end = ContinuousClock.now + .seconds(300)
      while !names(on: card).isEmpty, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(names(on: card) == [], "\(program.words.suffix(1000))")
    }

    @Test("Frames leave the card once the album has confirmed them, and only when that is asked for")
    func deletion() async throws {
      let home = try Home()
      let card = home.folder.appending(path: "card")
      try FileManager.default.createDirectory(at: card, withIntermediateDirectories: true)
      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "2", "--card", card.path)
      let plain = try home.tether(camera, album: "Party", ["--frames", "1"])
      try await plain.first("camera.connected")
      let kept = try await camera.shoot()
      #expect(try await plain.end() == .exit(0))
      #expect(names(on: card).count == 1)

      let clearing = try home.tether(camera, album: "Party", Self.deletion)
      try await clearing.first("camera.connected")
      let shot = try await camera.shoot()
      let deleted = try await clearing.first("frame.deleted")
      #expect(deleted.frame == shot[0].sha256)
      #expect(names(on: card).count == 1)
      let album = try AlbumReader(page: try await clearing.first("album.ready").url, on: clearing)
      try await expectExactly(kept + shot, in: album)
      try await expectCleanEnd(of: clearing)
    }

    @Test("A body that stops when its buffer is full goes on where the buffer is cleared")
    func buffer() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start(
        "--vendor", "fuji", "--buffer", "3", "--megabytes", "0.3", "--scenes", "2")
      let tether = try home.tether(camera, album: "Party", ["--clear-buffer"])
      try await tether.first("camera.connected")
      var shots: [SimulatedCamera.Shot] = []
      for _ in 0..<3 {
        let three = try await camera.shoot(3)
        for shot in three { try await tether.first("frame.deleted") { $0.frame == shot.sha256 } }
        shots += three
      }
      try await expectExactly(
        shots, in: try AlbumReader(page: try await tether.first("album.ready").url, on: tether))
      try await expectCleanEnd(of: tether)
    }

    @Test("Kills at any moment leave every frame in the album, and in the end none on the card")
    func kills() async throws {
      let seed =
        ProcessInfo.processInfo.environment["PIXCHEESE_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...9999)
      var random = SplitMix(seed: seed)
      let home = try Home()
      let card = home.folder.appending(path: "card")
      try FileManager.default.createDirectory(at: card, withIntermediateDirectories: true)
      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "3", "--card", card.path)
      func tether() throws -> Program {
        try home.start(
          ["tether", "--camera", camera.address, "--album", "Party", "--listen", "127.0.0.1:0"]
            + Self.deletion,
          environment: ["PIXCHEESE_DELETE_PAUSE": "1"])
      }
      var program = try tether()
      try await program.first("camera.connected")
      for _ in 0..<8 {
        try await camera.shoot(2)
        try await Task.sleep(for: .milliseconds(Int.random(in: 200...3000, using: &random)))
        program.signal(SIGKILL)
        #expect(try await program.end() == .signal(SIGKILL))
        program = try tether()
      }
      let album = try AlbumReader(page: try await program.first("album.ready").url, on: program)
      try await expectExactly(camera.shots, in: album)
      try await waitUntilEmpty(card, program)
      try await expectCleanEnd(of: program)
      print("PIXCHEESE_SEED=\(seed): \(camera.shots.count) frames delivered and deleted")
    }
  }
}
