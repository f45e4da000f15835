import Foundation
import Glibc
import Model
import TestServers
import Testing

extension EndToEndTests {
  @Suite("pixcheese upload")
  struct UploadTests {
    @Test("A folder of everything: what can be sent is, what cannot is named, and a second run sends nothing")
    func everything() async throws {
      let home = try Home()
      let made = try await Pictures.make(3, in: home, as: "made").map { try Data(contentsOf: $0) }
      let files: [String: Data] = [
        "婚礼/一 二.jpg": made[0],
        "evil\u{1B}[31m\n.jpg": made[1],
        "corrupt.jpg": made[2].prefix(9000),
        "text.jpg": Data("not a picture at all".utf8),
      ]
      for (name, bytes) in files { try home.write("photos/\(name)", bytes) }
      try home.write("photos/empty.jpg", Data())
      let note = try home.write("note.txt", Data("a note".utf8))
      let folder = home.folder.appending(path: "photos").path
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Anna 和 Jan", from: home)

      let first = try await home.run("upload", folder, note, "--album", album.url)
      #expect(first.status == .exit(65))
      #expect(first.words.contains("empty.jpg: is empty"))
      #expect(first.words.contains("note.txt: is no picture"))
      #expect(!first.words.contains("\u{1B}") && first.isBrief)
      #expect(first.lines.allSatisfy { $0.event != nil })
      let done = try #require(first.events.first { $0.event == "upload.done" })
      #expect(done.delivered == 4 && done.open == 0)
      #expect(first.events.last?.event == "error" && first.events.last?.code == "bad_input")
      let reader = try server.reader(of: album)
      let frames = try await reader.frames(whole: 4)
      #expect(Set(frames.map(\.frame)) == Set(files.values.map { ContentHash(of: $0) }))
      for frame in frames { #expect(try await reader.hash(of: frame.original) == frame.frame.hex) }
      #expect(frames.contains { $0.name == "一 二.jpg" && $0.preview != nil })

      let second = try await home.run("upload", folder, "--album", album.url)
      #expect(
        second.status == .exit(0), "an empty file in a folder is no reason to refuse it: \(second.words)")
      #expect(second.events.contains { $0.code == "file.empty" })
      let named = try await home.run("upload", "\(folder)/empty.jpg", "--album", album.url)
      #expect(named.status == .exit(65), "named, it is what somebody asked for")
      #expect(!second.events.contains { ["frame.viewable", "frame.delivered"].contains($0.event) })
      #expect(try await reader.frames() == frames)
      try await expectCleanEnd(of: server.program)
      try await expectNothingLeft(in: home, frames: 4)
    }

    @Test("A file that rotted after it was taken is not sent again and again, and what is wrong is named")
    func rotten() async throws {
      let home = try Home()
      let files = try await Pictures.make(1, in: home, as: "photos")
      let port = try LoopbackPort.free()
      let server = try await AlbumServerProgram.start(in: home, port: port)
      let album = try await server.album("Party", from: home)
      try await expectCleanEnd(of: server.program)
      let away = try await home.run("upload", files[0].path, "--album", album.url, "--patience", "1")
      #expect(away.status == .exit(75))
      // One bit, as a bad disk does it: neither length nor time tell.
      var status = stat()
      try #require(stat(files[0].path, &status) == 0)
      var bytes = try Data(contentsOf: files[0])
      bytes[bytes.count / 2] ^= 1
      let file = try FileHandle(forWritingTo: files[0])
      try file.write(contentsOf: bytes)
      try file.close()
      let times = [status.st_atim, status.st_mtim]
      try #require(utimensat(AT_FDCWD, files[0].path, times, 0) == 0)
      let back = try await AlbumServerProgram.start(in: home, port: port)
      let again = try await home.run("upload", files[0].path, "--album", album.url)
      #expect(again.status == .exit(75), "\(again.words)")
      #expect(again.words.contains("is damaged"), "\(again.words)")
      #expect(try await back.reader(of: album).frames().allSatisfy { $0.original == nil })
    }

    @Test("An upload that was killed goes on where it was, and publishes nothing twice")
    func killed() async throws {
      let home = try Home()
      let files = try await Pictures.make(6, in: home, as: "photos", megabytes: 3)
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let folder = home.folder.appending(path: "photos").path
      let killed = try home.start("upload", folder, "--album", album.url)
      try await killed.first("frame.delivered")
      killed.signal(SIGKILL)
      #expect(try await killed.end() == .signal(SIGKILL))
      let again = try await home.run("upload", folder, "--album", album.url)
      #expect(again.status == .exit(0), "\(again.words)")
      let reader = try server.reader(of: album)
      let hashes = try files.map { ContentHash(of: try Data(contentsOf: $0)).hex }
      let frames = try await reader.frames(whole: 6)
      #expect(frames.map(\.frame.hex).sorted() == hashes.sorted())
      for frame in frames { #expect(try await reader.hash(of: frame.original) == frame.frame.hex) }
      try await expectNothingLeft(in: home, frames: 6)
    }

    @Test("A server that is away is waited for with patience; all is kept, and the next run delivers it")
    func unreachable() async throws {
      let home = try Home()
      let files = try await Pictures.make(2, in: home, as: "photos")
      let port = try LoopbackPort.free()
      let server = try await AlbumServerProgram.start(in: home, port: port)
      let album = try await server.album("Party", from: home)
      try await expectCleanEnd(of: server.program)
      let away = try await home.run(
        "upload", files[0].path, files[1].path, "--album", album.url, "--patience", "2")
      #expect(away.status == .exit(75))
      #expect(away.isBrief && away.words.contains("0 of 2 photos delivered"))
      #expect(away.events.suffix(2).map(\.event) == ["upload.done", "error"])
      #expect(away.events.last?.code == "not_all_delivered")
      #expect(away.events.contains { $0.event == "delivery.waiting" && $0.count ?? 0 >= 2 })
      let back = try await AlbumServerProgram.start(in: home, port: port)
      let again = try await home.run("upload", files[0].path, files[1].path, "--album", album.url)
      #expect(again.status == .exit(0), "\(again.words)")
      #expect(try await back.reader(of: album).frames().count == 2)
      try await expectNothingLeft(in: home, frames: 2)
    }

    @Test("A wrong token is not allowed, and the token is not shown")
    func wrongToken() async throws {
      let home = try Home()
      let files = try await Pictures.make(1, in: home, as: "photos")
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let wrong = try await home.run(
        "upload", files[0].path, "--album", album.url, environment: ["PIXCHEESE_TOKEN": "not-the-right-token"]
      )
      #expect(wrong.status == .exit(77), "\(wrong.words)")
      #expect(wrong.isBrief && !wrong.words.contains("not-the-right-token"))
      #expect(!wrong.lines.contains { $0.text.contains("not-the-right-token") })
      // With the right one, which `album create` has kept, the same command is all it takes.
      let right = try await home.run("upload", files[0].path, "--album", album.url)
      #expect(right.status == .exit(0), "\(right.words)")
      try await expectNothingLeft(in: home, frames: 1)
    }

    @Test("An album that is not there is named, and what was to go there is kept")
    func noAlbum() async throws {
      let home = try Home()
      let files = try await Pictures.make(1, in: home, as: "photos")
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let lost = try await home.run(
        "upload", files[0].path, "--album", "\(server.url)/a/nowhere-12345", environment: album.environment)
      #expect(lost.status == .exit(75))
      #expect(lost.isBrief && lost.words.contains("There is no such album"), "\(lost.words)")
      #expect(try await home.run("upload", files[0].path, "--album", album.url).status == .exit(0))
    }
  }
}
