import Foundation
import Testing

extension EndToEndTests {
  @Suite("On a terminal")
  struct TerminalTests {
    @Test(
      "demo draws the code, and the camera's state below; Ctrl-C ends it, and nothing of the view is left")
    func demo() async throws {
      let (home, terminal) = (try Home(), try Terminal())
      let before = try terminal.modes()
      let demo = try Program(
        Home.pixcheese, ["demo", "--every", "0.5", "--listen", "127.0.0.1:0", "--home", home.path],
        on: terminal)
      // A code is at least as high as this many of its lines, dark on light.
      try await demo.hear("\u{1b}[38;5;231;48;5;16m")
      try await demo.hear("ready in")
      try await demo.hear("✓ delivered")
      let during = Screen(demo.words)
      #expect(during.lines.count { $0.contains("▀") || $0.contains("▄") } > 10, "\(during.lines)")
      #expect(during.lines.count { $0.hasPrefix("● ") } <= 1, "drawn again in its place: \(during.lines)")
      demo.type("\u{03}")
      #expect(try await demo.end(within: .seconds(5)) == .exit(0), "\(demo.words.suffix(1000))")
      let after = Screen(demo.words)
      #expect(!after.lines.contains { $0.hasPrefix("● ") || $0.contains("✓ delivered") }, "\(after.lines)")
      #expect(after.lines.contains { $0.contains("went all the way") })
      try expectSane(after, terminal, as: before)
    }

    @Test("upload draws how far it is; Ctrl-C ends it with 75, and says that all is kept")
    func upload() async throws {
      let (home, terminal) = (try Home(), try Terminal())
      let before = try terminal.modes()
      let files = try await Pictures.make(4, in: home, as: "photos")
      let upload = try Program(
        Home.pixcheese,
        [
          "upload", files[0].deletingLastPathComponent().path, "--limit", "1mbit", "--listen", "127.0.0.1:0",
          "--home", home.path,
        ], on: terminal)
      try await upload.hear("of 4 photos")
      #expect(Screen(upload.words).lines.contains { $0.contains("░") && $0.contains("% · ") })
      upload.type("\u{03}")
      #expect(try await upload.end(within: .seconds(5)) == .exit(75), "\(upload.words.suffix(1000))")
      let after = Screen(upload.words)
      #expect(!after.lines.contains { $0.contains("░") }, "\(after.lines)")
      #expect(after.lines.contains { $0.contains("kept in the journal") })
      try expectSane(after, terminal, as: before)
    }

    @Test("Without colours there are none, and the code is drawn all the same")
    func noColours() async throws {
      let (home, terminal) = (try Home(), try Terminal())
      let demo = try Program(
        Home.pixcheese,
        ["demo", "--frames", "1", "--every", "0.5", "--listen", "127.0.0.1:0", "--home", home.path],
        on: terminal, environment: ["NO_COLOR": "1"])
      #expect(try await demo.end() == .exit(0), "\(demo.words.suffix(1000))")
      #expect(demo.words.contains("▀") && !demo.words.contains(#/\u{1b}\[[0-9;]+m/#))
    }

    /// The terminal is as it was, and the shell's next line begins where lines begin.
    private func expectSane(
      _ screen: Screen, _ terminal: Terminal, as before: Terminal.Modes,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      #expect(screen.isCursorVisible && screen.isPlain, sourceLocation: sourceLocation)
      #expect(screen.atCursor == "", sourceLocation: sourceLocation)
      #expect(try terminal.modes() == before, sourceLocation: sourceLocation)
    }
  }
}
