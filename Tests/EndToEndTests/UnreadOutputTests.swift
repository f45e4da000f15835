import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite("Output that nobody reads")
  struct UnreadOutputTests {
    @Test("tether goes on and ends in time, though nobody reads its events and its words")
    func tether() async throws {
      let (home, serverHome) = (try Home(), try Home())
      let server = try await AlbumServerProgram.start(in: serverHome)
      let album = try await server.album("Party", from: serverHome)
      let camera = try await SimulatedCamera.start("--megabytes", "0.1", "--scenes", "2")
      let tether = try Program(
        unread: Home.pixcheese,
        [
          "tether", "--camera", camera.address, "--album", album.url, "--verbose", "--home", home.path,
          "--json",
        ],
        environment: album.environment)
      for _ in 1...6 {
        try await camera.shoot(5)
        try await Task.sleep(for: .milliseconds(300))
      }
      try await expectExactly(camera.shots, in: try server.reader(of: album))
      tether.signal(SIGTERM)
      #expect(try await tether.end(within: .seconds(5)) == .exit(0))
      #expect(!tether.lines.isEmpty)
      #expect(tether.lines.allSatisfy { $0.event != nil }, "no line is cut off: \(tether.lines.map(\.text))")
      try await expectNothingLeft(in: home, frames: camera.shots.count)
    }

    @Test("tether with --frames ends by itself, though nobody reads what it says")
    func frames() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "0.1", "--scenes", "2")
      let tether = try Program(
        unread: Home.pixcheese,
        [
          "tether", "--camera", camera.address, "--album", "Party", "--listen", "127.0.0.1:0", "--frames",
          "20",
          "--verbose", "--home", home.path, "--json",
        ])
      try await camera.shoot(20)
      #expect(try await tether.end(within: .seconds(60)) == .exit(0))
    }

    @Test("Whoever begins to read late gets every event of a run that ended meanwhile")
    func late() async throws {
      let home = try Home()
      let files = try await Pictures.make(12, in: home, as: "photos")
      let upload = try Program(
        unread: Home.pixcheese,
        [
          "upload", files[0].deletingLastPathComponent().path, "--album", "Party", "--listen", "127.0.0.1:0",
          "--home", home.path, "--json",
        ])
      let end = ContinuousClock.now + .seconds(60)
      while await !home.isQuiet(frames: 12), ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(200))
      }
      try await Task.sleep(for: .seconds(2))
      upload.readAll()
      #expect(try await upload.end() == .exit(0), "\(upload.words)")
      #expect(upload.events.count { $0.event == "frame.delivered" } == 12)
      #expect(upload.events.last?.event == "upload.done")
      #expect(upload.lines.allSatisfy { $0.event != nil })
    }

    @Test("An answer waits for whoever reads it, however late that is")
    func answer() async throws {
      let home = try Home()
      let files = try await Pictures.make(12, in: home, as: "photos")
      let upload = try await home.run(
        "upload", files[0].deletingLastPathComponent().path, "--album", "http://127.0.0.1:1/a/none",
        "--patience", "2")
      #expect(upload.status == .exit(75), "\(upload.words)")
      let list = try Program(
        unread: Home.pixcheese, ["queue", "list", "--home", home.path, "--json"])
      try await Task.sleep(for: .seconds(8))
      #expect(list.status == nil)
      list.readAll()
      #expect(try await list.end(within: .seconds(10)) == .exit(0))
      #expect(list.lines.count == 1)
      #expect(list.lines.allSatisfy { $0.event != nil && $0.text.utf8.count > 8192 })
    }

    @Test("demo on a terminal that is stopped with Ctrl-S goes on, and SIGTERM ends it in time")
    func terminal() async throws {
      let (home, terminal) = (try Home(), try Terminal())
      let demo = try Program(
        Home.pixcheese,
        ["demo", "--every", "0.3", "--listen", "127.0.0.1:0", "--home", home.path, "--verbose"],
        on: terminal)
      try await demo.hear("✓ delivered")
      demo.type("\u{13}")
      try await Task.sleep(for: .seconds(4))
      let said = demo.words
      demo.signal(SIGTERM)
      #expect(try await demo.end(within: .seconds(5)) == .exit(0))
      #expect(demo.words.count - said.count < 200, "the terminal was stopped: \(demo.words.suffix(500))")
    }
  }
}

extension Home {
  /// Whether a journal knows so many frames and has nothing left to do, whoever is at work with it.
  fileprivate func isQuiet(frames: Int) async -> Bool {
    // Not before there is a journal.
    guard let status = try? await answer("status", as: JournalStatus.self) else { return false }
    return status.frames == frames && status.isQuiet
  }
}
