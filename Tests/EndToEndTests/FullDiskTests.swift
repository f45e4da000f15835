import Foundation
import Model
import Testing

extension EndToEndTests {
  @Suite(
    "A full disk", .enabled("only root can mount a small disk", { await SmallDisk.isPossible() }))
  struct FullDiskTests {
    @Test(
      "Frames wait on the card, and go all the way by themselves, in the same run, when there is room again")
    func tether() async throws {
      let camera = try await SimulatedCamera.start("--megabytes", "3", "--scenes", "2")
      try await SmallDisk.with(megabytes: 14) { disk in
        let home = try Home(at: disk.folder)
        let tether = try home.tether(camera, album: "Party")
        try await tether.first("camera.connected")
        let shots = try await camera.shoot(7)
        let warning = try await tether.first("warning") { $0.code == "room.full" }
        #expect(warning.message?.contains("wait on the card") == true)
        struct Status: Decodable {
          struct Room: Decodable { let level: String }
          struct Warning: Decodable { let code: String }
          let room: Room?
          let warnings: [Warning]

          var tellsOfRoom: Bool { room?.level == "none" && warnings.contains { $0.code == "room.full" } }
        }
        // The run writes its note for `status` once a second.
        var status: Status = try await home.answer("status")
        let end = ContinuousClock.now + .seconds(60)
        while !status.tellsOfRoom, ContinuousClock.now < end {
          try await Task.sleep(for: .milliseconds(200))
          status = try await home.answer("status")
        }
        #expect(status.room?.level == "none")
        #expect(status.warnings.contains { $0.code == "room.full" })
        try await disk.grow(megabytes: 400)
        try await tether.first("warning") { $0.code == "room.back" }
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
        try await expectExactly(
          shots, in: try AlbumReader(page: try await tether.first("album.ready").url, on: tether))
        try await expectCleanEnd(of: tether)
        try await expectNothingLeft(in: home, frames: 7)
      }
    }

    @Test("A burst that only the camera's memory has waits there for room, and none of it is lost")
    func memory() async throws {
      let camera = try await SimulatedCamera.start("--vendor", "canon", "--memory-only", "--megabytes", "1")
      try await SmallDisk.with(megabytes: 40) { disk in
        let home = try Home(at: disk.folder)
        let tether = try home.tether(camera, album: "Party")
        try await tether.first("camera.connected")
        try disk.fill()
        let shots = try await camera.shoot(5)
        try await tether.first("warning") { $0.code == "room.full" }
        // Longer than the worker's next looks at the camera and its card.
        try await Task.sleep(for: .seconds(7))
        #expect(!tether.events.contains { $0.event == "frame.safe" || $0.event == "camera.lost" })
        try disk.empty()
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
        try await expectExactly(
          shots, in: try AlbumReader(page: try await tether.first("album.ready").url, on: tether))
        try await expectCleanEnd(of: tether)
      }
    }

    @Test("Where delivered originals may leave, a small disk takes any number of frames")
    func keepDelivered() async throws {
      let away = try Home()
      let server = try await AlbumServerProgram.start(in: away)
      let album = try await server.album("Party", from: away)
      let camera = try await SimulatedCamera.start("--megabytes", "3", "--scenes", "2")
      try await SmallDisk.with(megabytes: 14) { disk in
        let home = try Home(at: disk.folder)
        let environment = album.environment.merging(["PIXCHEESE_KEEP": "delivered"]) { $1 }
        let tether = try home.start(
          ["tether", "--camera", camera.address, "--album", album.url], environment: environment)
        try await tether.first("camera.connected")
        let shots = try await camera.shoot(9)
        try await expectExactly(shots, in: try server.reader(of: album))
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
        try await expectCleanEnd(of: tether)
        try await expectNothingLeft(in: home, frames: 9)
      }
    }

    @Test("A journal that cannot be written waits: nothing is lost, nothing is said to be safe that is not")
    func journal() async throws {
      let away = try Home()
      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "2")
      try await SmallDisk.with(megabytes: 2) { disk in
        func start() throws -> Program {
          // The journal alone lies on the small disk.
          try Program(
            Home.pixcheese,
            ["tether", "--camera", camera.address, "--album", "Party", "--listen", "127.0.0.1:0", "--json"],
            environment: [
              "XDG_STATE_HOME": disk.folder.path, "XDG_DATA_HOME": away.path, "XDG_CONFIG_HOME": away.path,
            ])
        }
        let stopped = try start()
        try await stopped.first("camera.connected")
        try disk.fill()
        var shots = try await camera.shoot(1)
        try await stopped.first("warning") { $0.code == "room.journal" }
        try await expectCleanEnd(of: stopped)
        #expect(!stopped.events.contains { $0.event == "frame.safe" })

        // The next run finds the disk as full as it was, and goes on by itself.
        let tether = try start()
        shots += try await camera.shoot(2)
        try disk.empty()
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
        try await expectExactly(
          shots, in: try AlbumReader(page: try await tether.first("album.ready").url, on: tether))
        try disk.fill()
        shots += try await camera.shoot(2)
        try await tether.first("warning") { $0.code == "room.journal" }
        #expect(!tether.events.contains { $0.event == "frame.safe" && $0.frame == shots[3].sha256 })
        try disk.empty()
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
        #expect(tether.events.contains { $0.event == "warning" && $0.code == "room.back" })
        try await expectExactly(
          shots, in: try AlbumReader(page: try await tether.first("album.ready").url, on: tether))
        try await expectCleanEnd(of: tether)
      }
    }

    @Test("An upload into this machine's own album is 74, keeps all, and is done when there is room again")
    func upload() async throws {
      let away = try Home()
      let files = try await Pictures.make(4, in: away, as: "photos", megabytes: 9)
      let folder = away.folder.appending(path: "photos").path
      // Large enough that what is kept free for the journal, a share of the disk, is room for it.
      try await SmallDisk.with(megabytes: 24) { disk in
        let home = try Home(at: disk.folder)
        let arguments = ["upload", folder, "--album", "Party", "--listen", "127.0.0.1:0", "--patience"]
        let full = try home.start(arguments + ["2"])
        #expect(try await full.end() == .exit(74))
        #expect(full.words.contains("disk is full"), "\(full.words)")
        #expect(full.events.contains { $0.event == "frame.delivered" }, "what could be delivered was")
        let again = try home.start(arguments + ["55"])
        try await again.first("delivery.waiting")
        try await disk.grow(megabytes: 400)
        // The server asked for 30 seconds, and nobody waits for them.
        #expect(try await again.end(within: .seconds(300)) == .exit(0), "\(again.words)")
        struct Shown: Decodable { let frames: Int }
        let shown: Shown = try await home.answer("album", "show", "Party")
        #expect(shown.frames == files.count)
        try await expectNothingLeft(in: home, frames: files.count)
      }
    }

    @Test("A server with room for an original, and not for its parts beside it, gets it whole")
    func parts() async throws {
      let home = try Home()
      let photo = try await Pictures.make(1, in: home, as: "photos", megabytes: 6)[0]
      try await SmallDisk.with(megabytes: 12) { disk in
        // By an address that is not known for this machine's: as to another, in parts.
        let place = try Home(at: disk.folder)
        let server = try await AlbumServerProgram.start(in: place, at: "0.0.0.0")
        let album = try await server.album("Party", from: home)
        let upload = try home.start(
          [
            "upload", photo.path, "--verbose", "--album",
            "http://0.0.0.0:\(server.port)\(URL(string: album.url)?.path ?? "")",
          ],
          environment: album.environment)
        #expect(try await upload.end(within: .seconds(120)) == .exit(0), "\(upload.words)")
        #expect(upload.words.contains("gets it whole"), "\(upload.words)")
        #expect(!upload.events.contains { $0.event == "delivery.waiting" })
        let uploads = place.folder.appending(path: "server/uploads").path
        #expect(try FileManager.default.contentsOfDirectory(atPath: uploads).isEmpty)
      }
    }

    @Test("With no room for a journal it is 74, and says what to do", arguments: ["tether", "upload"])
    func noRoom(command: String) async throws {
      let away = try Home()
      let picture = try away.write("photo.jpg", Data("picture".utf8))
      try await SmallDisk.with(megabytes: 1) { disk in
        try disk.fill()
        let home = try Home(at: disk.folder)
        let program = try home.start(
          command == "upload"
            ? ["upload", picture, "--listen", "127.0.0.1:0"]
            : ["tether", "--camera", "ptpip:127.0.0.1:1", "--listen", "127.0.0.1:0"])
        let ended = Home.Ended(status: try await program.end(), program: program)
        #expect(ended.status == .exit(74))
        #expect(ended.isBrief && ended.words.contains("Make room and run again"), "\(ended.words)")
      }
    }
  }
}
