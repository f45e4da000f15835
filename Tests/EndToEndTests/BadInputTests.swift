import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite("Bad input")
  struct BadInputTests {
    @Test(
      "A command line that is not understood is 64, with the value that is wrong",
      arguments: [
        (["tether", "--nonsense"], "--nonsense"),
        (["tether", "--camera", "bogus"], "bogus"),
        (["tether", "--camera", "ptpip:"], "ptpip:"),
        (["tether", "--catch-up", "some"], "some"),
        (["tether", "--frames", "0"], "--frames 0"),
        (["tether", "--frames", "many"], "many"),
        (["upload", "x.jpg", "--patience", "0"], "--patience 0"),
        (["tether", "--listen", "nowhere:port"], "nowhere:port"),
        (["upload"], "path"),
        (["tether", "--album", "ftp://host/x"], "ftp://host/x"),
        (["album", "create", "x", "--server", "nowhere"], "nowhere"),
        (["fly"], "Usage"),
      ])
    func usage(arguments: [String], value: String) async throws {
      let home = try Home()
      let program = try home.start(arguments)
      let ended = Home.Ended(status: try await program.end(), program: program)
      #expect(ended.status == .exit(64))
      #expect(ended.isBrief && ended.words.contains(value), "\(ended.words)")
      #expect(ended.lines.allSatisfy { $0.event?.event == "error" && $0.event?.code == "usage" })
      #expect(!FileManager.default.fileExists(atPath: home.journal.path))
    }

    @Test(
      "A variable that is wrong is 78, with its name and its value",
      arguments: [
        (["album", "create", "x"], "PIXCHEESE_SERVER", "nowhere"),
        (["upload", "x.jpg"], "PIXCHEESE_ALBUM", "http://h/b"),
        (["upload", "x.jpg"], "PIXCHEESE_PATIENCE", "-1"),
      ])
    func variable(arguments: [String], name: String, value: String) async throws {
      let home = try Home()
      let program = try home.start(arguments, environment: [name: value])
      let ended = Home.Ended(status: try await program.end(), program: program)
      #expect(ended.status == .exit(78))
      #expect(ended.isBrief && ended.words.contains("pixcheese: \(name)=\(value): "), "\(ended.words)")
    }

    @Test("Every end of a run with a message is told to scripts too")
    func errorEvents() async throws {
      let home = try Home()
      try home.write("home/config.toml", Data("[tether]\nframes = \"many\"\n".utf8))
      for (arguments, code) in [
        (["tether"], "configuration"), (["upload", "nothing.jpg"], "no_input"),
        (["serve", "--listen", "nowhere"], "usage"), (["demo", "--every", "0"], "usage"),
      ] {
        let program = try home.start(arguments)
        _ = try await program.end()
        #expect(program.events.map(\.event) == ["error"], "\(arguments): \(program.lines.map(\.text))")
        #expect(program.events.first?.code == code)
        let message = try #require(program.events.first?.message)
        #expect(program.words.contains("pixcheese: \(message)\n"), "the same words as a person reads")
      }
      try home.write("home/config.toml", Data("quiet = [\n".utf8))
      let unread = try home.start("tether")
      #expect(try await unread.end() == .exit(78))
      #expect(unread.events.map(\.code) == ["configuration"])
    }

    @Test("A file that is not there is 66")
    func noInput() async throws {
      let home = try Home()
      let ended = try await home.run("upload", home.folder.path + "/nothing.jpg", "--listen", "127.0.0.1:0")
      #expect(ended.status == .exit(66))
      #expect(ended.words.contains("nothing.jpg: there is no such file"))
      #expect(try await home.run("status").status == .exit(66))
    }

    @Test(
      "A configuration that is wrong is 78, with file and line",
      arguments: [
        ("album = \"x\"\n\nquiet = [\n", 3), ("quiet = false\n\nalbums = \"x\"\n", 3),
        ("quiet = \"loud\"\n", 1),
        ("# a comment\n[tether]\nframes = \"many\"\n", 3),
      ])
    func configuration(text: String, line: Int) async throws {
      let home = try Home()
      let file = try home.write("home/config.toml", Data(text.utf8))
      let ended = try await home.run("tether", "--camera", "ptpip:127.0.0.1:1", "--listen", "127.0.0.1:0")
      #expect(ended.status == .exit(78))
      #expect(ended.isBrief && ended.words.contains("\(file):\(line):"), "\(ended.words)")
    }

    @Test(
      "A journal that is no journal is 65, and is not touched",
      arguments: ["tether", "upload", "status", "queue"])
    func corruptJournal(command: String) async throws {
      let home = try Home()
      let damage = Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      try home.write("home/journal.sqlite", damage)
      let picture = try home.write("photo.jpg", Data("picture".utf8))
      let more =
        switch command {
        case "upload": [picture, "--listen", "127.0.0.1:0"]
        case "tether": ["--camera", "ptpip:127.0.0.1:1", "--listen", "127.0.0.1:0"]
        default: [String]()
        }
      let program = try home.start([command] + more)
      let ended = Home.Ended(status: try await program.end(), program: program)
      #expect(ended.status == .exit(65))
      #expect(ended.words.contains(home.journal.path) && ended.words.contains("spool"), "\(ended.words)")
      #expect(try Data(contentsOf: home.journal) == damage)
    }

    @Test("A journal that another pixcheese is at work with is 69, and that one goes on")
    func lockedJournal() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "0.3")
      let tether = try home.tether(camera, album: "Party")
      try await tether.first("camera.connected")
      let picture = try home.write("photo.jpg", Data("picture".utf8))
      let second = try await home.run("upload", picture, "--listen", "127.0.0.1:0")
      #expect(second.status == .exit(69))
      #expect(second.isBrief && second.words.contains("process \(tether.identifier)"), "\(second.words)")
      #expect(second.events.map(\.code) == ["unavailable"])
      try await camera.shoot()
      try await tether.first("frame.delivered")
      try await expectCleanEnd(of: tether, SIGINT)
    }

    @Test("A camera that nobody answers for, and one that lets nobody in, are 69 with what to look at")
    func noCamera() async throws {
      let (nobody, shy) = (try Home(), try Home())
      let camera = try await SimulatedCamera.start()
      try await camera.tell("fault init-fail 1000")
      let unused = try await SimulatedCamera.start()
      unused.program.tell("quit")
      _ = try await unused.program.end()
      let programs = [try nobody.tether(unused, album: "Party"), try shy.tether(camera, album: "Party")]
      for (program, address) in zip(programs, [unused.address, camera.address]) {
        let ended = Home.Ended(status: try await program.end(), program: program)
        #expect(ended.status == .exit(69))
        #expect(ended.isBrief && ended.words.contains(address), "\(ended.words)")
        #expect(ended.words.contains("Is it switched on"), "\(ended.words)")
        // Said once, by the error.
        #expect(program.events.contains { $0.event == "error" })
        #expect(!program.events.contains { $0.event == "warning" })
      }
    }

    @Test("A camera that lets nobody in at first is tried again")
    func shyCamera() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "0.3")
      try await camera.tell("fault init-fail 2")
      let tether = try home.tether(camera, album: "Party", ["--frames", "1"])
      try await tether.first("camera.connected")
      try await camera.shoot()
      #expect(try await tether.end() == .exit(0), "\(tether.words)")
      #expect(tether.events.contains { $0.event == "frame.delivered" })
      try await expectNothingLeft(in: home, frames: 1)
    }

    @Test("Asked to end in the middle of a slow download it ends in time, and the next run has the frame")
    func endInDownload() async throws {
      let home = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "2")
      let tether = try home.tether(camera, album: "Party")
      try await tether.first("camera.connected")
      try await camera.tell("fault slow 100000")
      try await camera.shoot()
      try await tether.first("frame.captured")
      try await expectCleanEnd(of: tether)
      try await camera.tell("clear")
      let next = try home.tether(camera, album: "Party")
      let album = try AlbumReader(page: try await next.first("album.ready").url, on: next)
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: next)
    }
  }
}
