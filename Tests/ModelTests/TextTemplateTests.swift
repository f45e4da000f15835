import Foundation
import Testing

@testable import Model

@Suite("Templates for words in pictures")
struct TextTemplateTests {
  private func text(_ template: String, name: String = "DSC_0042.JPG", _ facts: PictureFacts? = nil) throws
    -> String?
  {
    try TextTemplate(parsing: template).text(
      name: name, facts: facts, album: "婚礼", fallback: Date(timeIntervalSince1970: 0))
  }

  @Test(
    "What is known of a frame is filled in",
    arguments: [
      ("© {year} Anna", "© 2026 Anna"),
      ("{album} {number} ({stem}, {name})", "婚礼 0042 (DSC_0042, DSC_0042.JPG)"),
      ("{date} {time}", "2026-11-23 14:03"), ("{date:dd.MM.yyyy}", "23.11.2026"),
      ("{date:HH:mm:ss}", "14:03:07"),
      ("{camera} {lens}", "X9"), ("{{{number}}}", "{0042}"),
    ])
  func filled(template: String, expected: String) throws {
    let facts = PictureFacts(capturedAt: "2026-11-23T14:03:07.250+08:00", camera: "X9")
    #expect(try text(template, facts) == expected)
  }

  @Test("What is not known is left out; nothing at all is no text; a file name has no control characters")
  func unknown() throws {
    #expect(try text("{camera}") == nil)
    #expect(try text("{year}") == "1970")
    #expect(try text("{name}", name: "a\u{1B}\nb.jpg") == "ab.jpg")
    #expect(try text("{number}", name: "holiday.jpg") == nil)
  }

  @Test("A place that there is not is refused", arguments: ["{nome}", "{", "{year:x}", "a {} b"])
  func refused(template: String) {
    #expect(throws: TextTemplate.ParseError.self) { try TextTemplate(parsing: template) }
  }
}
