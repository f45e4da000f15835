import Model
import Testing

@testable import Pictures

@Suite("RAW files")
struct RawTests {
  /// A digital negative (DNG 1.4) with a preview, as cameras write it: 64 by 48 sensor pixels, held upright.
  private static func negative(preview: [UInt8]?, xmp: String = "") -> [UInt8] {
    var first: [UInt16: TIFFBuilder.Value] = [
      254: .longs([1]), 256: .longs([600]), 257: .longs([400]), 258: .shorts([8, 8, 8]), 259: .shorts([7]),
      262: .shorts([6]), 0x010F: .text("Pixcheese"), 0x0110: .text("Test One"), 0x0112: .shorts([6]),
      277: .shorts([3]), 278: .longs([400]),
      330: .directory([
        254: .longs([0]), 256: .longs([64]), 257: .longs([48]), 258: .shorts([16]), 259: .shorts([1]),
        262: .shorts([32803]), 273: .strip([UInt8](repeating: 7, count: 64 * 48 * 2)), 277: .shorts([1]),
        278: .longs([48]), 279: .longs([64 * 48 * 2]), 33421: .shorts([2, 2]), 33422: .bytes([0, 1, 1, 2]),
      ]),
      700: .bytes(Array(xmp.utf8)),
      0x8769: .directory([
        0x829A: .rational(1, 125), 0x829D: .rational(56, 10), 0x8827: .shorts([200]),
        0x9003: .text("2026:11:23 14:03:07"), 0x9011: .text("+08:00"), 0x920A: .rational(35, 1),
      ]),
      50706: .bytes([1, 4, 0, 0]), 50708: .text("Pixcheese Test One"),
    ]
    if let preview {
      first[273] = .strip(preview)
      first[279] = .longs([preview.count])
    }
    return TIFFBuilder.file(first)
  }

  @Test("A RAW file is shown by its embedded preview, upright, with its own size and facts")
  func negative() throws {
    let bytes = Self.negative(preview: try Scenes.jpeg(), xmp: #"<x xmp:Rating="2"/>"#)
    let preview = try #require(try RawPreview.read(.bytes(bytes)))
    #expect(preview.orientation == 6)
    let rendered = try Renderer.render(.bytes(bytes))
    #expect(rendered.preview.size == Size(width: 400, height: 600))
    // A quarter to the right: the red corner goes from the top left to the top right.
    #expect(try Pixels(rendered.preview.bytes).isNear([255, 0, 0], 0.8, 0.2))
    #expect(
      rendered.facts
        == PictureFacts(
          capturedAt: "2026-11-23T14:03:07+08:00", width: 48, height: 64, camera: "Pixcheese Test One",
          exposureTime: "1/125 s", aperture: "f/5.6", iso: 200, focalLength: 35, rating: 2))
  }

  @Test("LibRaw's own facts agree with EXIF's, but for the zone")
  func libraryFacts() throws {
    let preview = try #require(try RawPreview.read(.bytes(Self.negative(preview: Scenes.jpeg()))))
    #expect(preview.facts.capturedAt == "2026-11-23T14:03:07")
    #expect(preview.facts.exposureTime == "1/125 s")
    #expect(preview.facts.aperture == "f/5.6")
    #expect(preview.facts.iso == 200)
    #expect(preview.facts.focalLength == 35)
  }

  @Test("A truncated RAW file is a picture or an error")
  func truncated() throws {
    let bytes = Self.negative(preview: try Scenes.jpeg(width: 120, height: 80))
    for length in stride(from: 8, to: bytes.count, by: 251) {
      _ = try? Renderer.render(.bytes(Array(bytes.prefix(length))))
    }
  }
}
