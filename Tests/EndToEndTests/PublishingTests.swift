import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  @Suite("Hooks, and what is done between safe and published")
  struct PublishingTests {
    @Test(
      "upload: retouched, with words and a watermark; the originals are copies, and the frames what they were"
    )
    func upload() async throws {
      let home = try Home()
      let files = try await Pictures.make(3, in: home, as: "photos")
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let before = try files.map { try Data(contentsOf: $0) }
      let done = try await home.run(
        "upload", home.folder.appending(path: "photos").path, "--album", album.url,
        "--retouch", "cp {input} {output}", "--creator", "安娜 {number}", "--write-metadata", "originals",
        "--strip-location", "--watermark", "像素芝士",
        "--on-safe", "sh -c 'cat >> \"$PIXCHEESE_TEST\"/hooks'",
        "--on-delivered", "sh -c 'cat >> \"$PIXCHEESE_TEST\"/hooks; echo of no use >&2; exit 3'",
        environment: ["PIXCHEESE_TEST": home.folder.path])
      #expect(done.status == .exit(0), "\(done.words)")
      let reader = try server.reader(of: album)
      let frames = try await reader.frames(whole: 3)
      #expect(Set(frames.map(\.frame)) == Set(before.map { ContentHash(of: $0) }))
      for frame in frames {
        let original = try #require(try await reader.bytes(of: frame.original))
        #expect(ContentHash(of: original) != frame.frame)
        #expect(original.range(of: Data("安娜 ".utf8)) != nil)
        let preview = try #require(try await reader.bytes(of: frame.preview))
        #expect(preview.range(of: Data("安娜 ".utf8)) != nil)
      }
      #expect(try files.map { try Data(contentsOf: $0) } == before)
      // `upload` ends when its hooks have been run: each frame twice.
      let said = try String(contentsOf: home.folder.appending(path: "hooks"), encoding: .utf8)
      let hooks = try said.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(
        hooks.map { $0["hook"] as? String ?? "" }.sorted() == Array(repeating: "delivered", count: 3)
          + Array(repeating: "safe", count: 3))
      #expect(Set(hooks.map { $0["frame"] as? String ?? "" }) == Set(frames.map(\.frame.hex)))
      let warnings = done.events.filter { $0.code == "hook.failed" }
      #expect(
        warnings.count == 3
          && warnings.allSatisfy {
            $0.message?.contains("exit code 3") == true && $0.message?.contains("of no use") == true
          })
      try await expectNothingLeft(in: home, frames: 3)
    }

    @Test("upload: a retouching program that takes longer than the patience delivers all the same")
    func slowRetouching() async throws {
      let home = try Home()
      _ = try await Pictures.make(3, in: home, as: "photos")
      let done = try await home.run(
        "upload", home.folder.appending(path: "photos").path, "--album", "Party", "--listen", "127.0.0.1:0",
        "--retouch", "sh -c 'sleep 5; cp \"$0\" \"$1\"' {input} {output}", "--patience", "2")
      #expect(done.status == .exit(0), "\(done.words)")
      #expect(done.events.last?.delivered == 3)
      #expect(!done.events.contains { $0.code == "frame.not_retouched" })
      try await expectNothingLeft(in: home, frames: 3)
    }

    @Test(
      "tether: hooks and a retouching program that hang hold no frame up beyond their limit, nor the end of the run"
    )
    func hanging() async throws {
      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "2")
      let home = try Home()
      let folder = home.folder.path
      let tether = try home.tether(
        camera, album: "Party",
        [
          "--on-captured", "sh -c 'echo captured >> \(folder)/said'", "--on-safe", "sh -c 'sleep 1000'",
          "--hook-seconds", "600", "--retouch", "sh -c 'sleep 1000' {input} {output}", "--retouch-seconds",
          "1",
        ])
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      try await camera.shoot(2)
      try await expectExactly(camera.shots, in: album)
      try await tether.find("two warnings") { events in
        events.count { $0.code == "frame.not_retouched" } == 2 ? true : nil
      }
      try await expectCleanEnd(of: tether)
      #expect(
        try String(contentsOf: home.folder.appending(path: "said"), encoding: .utf8) == "captured\ncaptured\n"
      )
      // What hung is run again by the next run that has a hook for it.
      let again = try home.tether(
        camera, album: "Party", ["--on-safe", "sh -c 'echo again >> \(folder)/said'"])
      try await again.first("camera.connected")
      for _ in 0..<3000 {
        if try String(contentsOf: home.folder.appending(path: "said"), encoding: .utf8).hasSuffix(
          "again\nagain\n")
        {
          break
        }
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(
        try String(contentsOf: home.folder.appending(path: "said"), encoding: .utf8).hasSuffix(
          "again\nagain\n"))
      try await expectCleanEnd(of: again)
      try await expectNothingLeft(in: home, frames: 2)
    }

    @Test(
      "What cannot be meant is said at once",
      arguments: [
        (["--retouch", "cp {input}"], "{output} is missing"),
        (["--retouch", "nonexistent {input} {output}"], "no such program"),
        (["--on-safe", "a | b"], "meaning to a shell"), (["--creator", "{nome}"], "{nome} is none of"),
        (["--watermark", "x", "--watermark-size", "0"], "1 to 100"),
        (["--watermark-picture", "/nonexistent.png"], "cannot be drawn"),
        (["--unstrippable", "maybe"], "hold or send"),
      ])
    func mistakes(options: [String], words: String) async throws {
      let home = try Home()
      let program = try home.start(["upload", try home.write("a.jpg", Data("x".utf8))] + options)
      #expect(try await program.end() == .exit(64))
      #expect(program.words.contains(words), "\(program.words)")
    }
  }
}
