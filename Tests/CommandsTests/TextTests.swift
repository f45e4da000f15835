import Delivery
import Foundation
import Ingest
import Model
import SystemPackage
import Testing

@testable import Commands

@Suite("Words and figures for people")
struct TextTests {
  @Test(
    "Bytes have two or three digits and a unit of ten",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9_949, "9.9 kB"), (9_960, "10 kB"), (999_400, "999 kB"),
      (999_600, "1.0 MB"), (25_000_000, "25 MB"), (64_000_000_000, "64 GB"), (5_000_000_000_000, "5.0 TB"),
    ] as [(Int64, String)])
  func bytes(count: Int64, text: String) {
    #expect(Text.bytes(count) == text)
  }

  @Test("One is one, and everything else are several")
  func counts() {
    #expect(Text.count(1, "frame") == "1 frame")
    #expect(Text.count(0, "frame") == "0 frames")
    #expect(Text.count(2, "delivery", "deliveries") == "2 deliveries")
  }

  @Test("A table's columns stand below each other, Chinese names too, and no line ends in spaces")
  func table() {
    let table = Text.table([["ALBUM", "FRAMES"], ["婚礼", "3"], ["Anna", ""]])
    #expect(table == "ALBUM  FRAMES\n婚礼   3\nAnna")
  }

  @Test("A table that is too wide for the terminal has one column cut, and a text is broken at spaces")
  func width() {
    let rows = [["NAME", "SIZE"], ["a-very-long-name.jpg", "3 MB"]]
    #expect(Text.table(rows, cutting: 0, to: nil) == Text.table(rows))
    #expect(Text.table(rows, cutting: 0, to: 26) == Text.table(rows))
    #expect(Text.table(rows, cutting: 0, to: 16) == "NAME        SIZE\na-very-lo…  3 MB")
    #expect(Text.wrapped("it waits for you", to: nil) == ["it waits for you"])
    #expect(Text.wrapped("it waits for you", to: 9) == ["it waits", "  for you"])
    #expect(Text.wrapped("", to: 9) == [""])
  }

  @Test("Nothing from outside can move the cursor, break a line or turn the writing round")
  func harmless() {
    #expect(Text.harmless("a\u{1B}[31mb\nc\u{202E}d") == "a?[31mb?c?d")
    #expect(Text.harmless("婚礼 – Anna & Ben") == "婚礼 – Anna & Ben")
  }

  @Test("A sentence ends once")
  func sentence() {
    #expect(Text.sentence("it is down") == "it is down.")
    #expect(Text.sentence("It is down.") == "It is down.")
    #expect(Text.sentence("没有网络。") == "没有网络。")
    #expect(Text.sentence("").isEmpty)
  }

  @Test("Waiting times are as precise as a guess deserves")
  func waits() {
    let now = Date(timeIntervalSince1970: 1_000_000)
    #expect(Text.wait(until: now, from: now) == "now")
    #expect(Text.wait(until: now - 5, from: now) == "now")
    #expect(Text.wait(until: now + 11.2, from: now) == "in 12 s")
    #expect(Text.wait(until: now + 150, from: now) == "in 3 min")
    #expect(Text.duration(seconds: 7200) == "2 h")
  }

  @Test("Times of events are RFC 3339 in UTC with milliseconds")
  func time() {
    #expect(Text.time(Date(timeIntervalSince1970: 1_763_913_600.25)) == "2025-11-23T16:00:00.250Z")
  }

  @Test("A line is cut to the terminal's columns, with a mark, and its colour ends there")
  func cut() {
    #expect(Console.cut("short", to: 5) == "short")
    #expect(Console.cut("longer", to: 5) == "long…")
    #expect(Console.cut("婚礼现场", to: 8) == "婚礼现场")
    #expect(Console.cut("婚礼现场", to: 7) == "婚礼现…")
    #expect(Console.cut("婚礼现场", to: 6) == "婚礼…", "half a character is none")
    let red = "\u{1B}[31mlonger\u{1B}[0m"
    #expect(Console.cut(red, to: 6) == red, "colours take no columns")
    #expect(Console.cut(red, to: 5) == "\u{1B}[31mlong…\u{1B}[0m")
  }

  @Test("Progress is a bar of all bytes, a share, a count, and a guess once there is something to guess by")
  func progress() {
    var upload = Scoreboard.Upload(files: 41, bytes: 41_000_000, albums: 1, takers: 1)
    #expect(LiveView.progress(of: upload, after: .zero) == "░░░░░░░░░░░░░░░░░░░░ 0% · 0 of 41 photos")
    upload.take(files: 41, frames: 40, deliveredBytes: 1_000_000)
    #expect(upload.expected == 40, "the same photo twice counts once")
    // 40 MB of originals, and for each frame renditions of 0.25 MB.
    for _ in 1...40 { upload.sent(.thumbnail, bytes: 50_000) }
    for _ in 1...40 { upload.sent(.preview, bytes: 200_000) }
    #expect(LiveView.progress(of: upload, after: .seconds(2)).hasPrefix("████░░░░░░░░░░░░░░░░ 20% · 0 of 40"))
    for _ in 1...15 { upload.sent(.original, bytes: 1_000_000) }
    upload.done = 15
    #expect(
      LiveView.progress(of: upload, after: .seconds(20))
        == "██████████░░░░░░░░░░ 50% · 15 of 40 photos · about 20 s")
    upload.done = 40
    #expect(LiveView.progress(of: upload, after: .seconds(40)).hasSuffix("100% · 40 of 40 photos"))
  }

  @Test("An upload's last words say what was new")
  func summary() {
    var outcome = UploadSource.Outcome()
    outcome.delivered = 4
    #expect(UploadCommand.words(for: outcome, files: 4) == "4 photos delivered.")
    outcome.before = 4
    #expect(UploadCommand.words(for: outcome, files: 4) == "4 photos delivered (all of them before).")
    outcome.before = 1
    #expect(
      UploadCommand.words(for: outcome, files: 6)
        == "4 photos delivered (1 of them before; 2 files are the same as another).")
  }
}
