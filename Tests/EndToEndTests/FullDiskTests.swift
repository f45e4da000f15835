import Foundation
import Model
import Testing

extension EndToEndTests {
  @Suite(
    "A full disk", .enabled("only root can mount a small disk", { await SmallDisk.isPossible() }))
  struct FullDiskTests {
    @Test(
      "Frames wait on the card and are safe by themselves when there is room again; the next run delivers them"
    )
    func tether() async throws {
      let camera = try await SimulatedCamera.start("--megabytes", "3", "--scenes", "2")
      try await SmallDisk.with(megabytes: 14) { disk in
        let home = try Home(at: disk.folder)
        let tether = try home.tether(camera, album: "Party")
        try await tether.first("camera.connected")
        let shots = try await camera.shoot(7)
        let warning = try await tether.first("warning") { $0.code == "frame_diskFull" }
        #expect(warning.message?.contains("it is on the card") == true)
        try await disk.grow(megabytes: 400)
        for shot in shots { try await tether.first("frame.safe") { $0.frame == shot.sha256 } }
        try await expectCleanEnd(of: tether)
        let next = try home.tether(camera, album: "Party")
        try await expectExactly(
          shots, in: try AlbumReader(page: try await next.first("album.ready").url, on: next))
        try await expectCleanEnd(of: next)
        try await expectNothingLeft(in: home, frames: 7)
      }
    }

    @Test("An upload into this machine's own album is 74, keeps all, and is done when there is room again")
    func upload() async throws {
      let away = try Home()
      let files = try await Pictures.make(4, in: away, as: "photos", megabytes: 3)
      let folder = away.folder.appending(path: "photos").path
      try await SmallDisk.with(megabytes: 8) { disk in
        let home = try Home(at: disk.folder)
        let arguments = ["upload", folder, "--album", "Party", "--listen", "127.0.0.1:0", "--patience", "2"]
        let full = try home.start(arguments)
        #expect(try await full.end() == .exit(74))
        #expect(full.words.contains("disk is full"), "\(full.words)")
        try await disk.grow(megabytes: 400)
        let again = try home.start(arguments)
        #expect(try await again.end() == .exit(0), "\(again.words)")
        struct Shown: Decodable { let frames: Int }
        let shown: Shown = try await home.answer("album", "show", "Party")
        #expect(shown.frames == files.count)
        try await expectNothingLeft(in: home, frames: files.count)
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
