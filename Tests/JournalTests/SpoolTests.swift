import Foundation
import SystemPackage
import Testing

@testable import Journal

@Suite("The spool")
struct SpoolTests {
  @Test(
    "A hostile file name becomes a harmless one",
    arguments: [
      ("IMG_0001.JPG", "IMG_0001.JPG"),
      ("../../evil.JPG", "_.._evil.JPG"),
      ("/etc/passwd", "_etc_passwd"),
      ("a\u{0}b\u{1b}[31m.JPG", "a_b_[31m.JPG"),
      (".hidden", "hidden"),
      ("-rf.JPG", "rf.JPG"),
      ("照片 1.JPG", "照片 1.JPG"),
      ("a\u{202e}GPJ.exe", "a_GPJ.exe"),
      ("...", "frame"),
      ("", "frame"),
      ("x.part", "x.part_"),
    ])
  func harmless(name: String, expected: String) {
    #expect(Spool.harmless(name) == expected)
  }

  @Test("A name of any length keeps its ending and stays under 150 bytes")
  func long() {
    let name = Spool.harmless(String(repeating: "照", count: 300) + ".JPG")
    #expect(name.utf8.count <= 150)
    #expect(name.hasSuffix(".JPG"))
  }

  @Test("The same name twice gets two places, also while both are still being written")
  func collisions() throws {
    let temporary = try TemporaryJournal()
    let spool = Spool(root: temporary.spool)
    let first = try spool.reserve("IMG_0001.JPG", day: "2026-11-23")
    let second = try spool.reserve("IMG_0001.JPG", day: "2026-11-23")
    #expect(first.lastComponent?.string == "IMG_0001.JPG")
    #expect(second.lastComponent?.string == "IMG_0001-2.JPG")
    try Spool.publish(first)
    #expect(try spool.reserve("IMG_0001.JPG", day: "2026-11-23").lastComponent?.string == "IMG_0001-3.JPG")
  }
}
