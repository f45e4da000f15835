import Foundation
import Testing

@testable import Pictures

@Suite("Words in pictures", .enabled(if: ExifTool.isInstalled, "exiftool is not installed"))
struct WordsTests {
  private let words = PictureWords(
    creator: "安娜·米勒", copyright: "© 2026 Anna Müller", caption: "lang=zh 新郎和新娘 <&>",
    keywords: ["婚礼", "Party"])

  private func expect(_ tags: [String: String], keywords: String = "婚礼|Party") {
    for creator in ["IFD0:Artist", "IPTC:By-line", "XMP-dc:Creator"] { #expect(tags[creator] == "安娜·米勒") }
    for copyright in ["IFD0:Copyright", "IPTC:CopyrightNotice", "XMP-dc:Rights"] {
      #expect(tags[copyright] == "© 2026 Anna Müller")
    }
    for caption in ["IFD0:ImageDescription", "IPTC:Caption-Abstract", "XMP-dc:Description"] {
      #expect(tags[caption] == "lang=zh 新郎和新娘 <&>")
    }
    for list in ["IPTC:Keywords", "XMP-dc:Subject"] { #expect(tags[list] == keywords) }
    #expect(tags.first { $0.key.hasSuffix(":Warning") }?.value == nil)
  }

  @Test("A stranger reads them in both renditions, in EXIF, IPTC and XMP, Chinese too")
  func renditions() throws {
    let rendered = try Renderer.render(.bytes(try Scenes.jpeg()), finish: Finish(words: words))
    for rendition in [rendered.thumbnail, rendered.preview] { expect(try ExifTool.tags(rendition.bytes)) }
    #expect(try Pixels(rendered.preview.bytes).isNear([255, 0, 0], 0.1, 0.1))
  }

  @Test("Without words a rendition has none of the metadata that it never had")
  func none() throws {
    let rendered = try Renderer.render(.bytes(try Scenes.jpeg(exif: ["exif-ifd0-Artist": "somebody"])))
    #expect(JPEGSegments.markers(in: rendered.preview.bytes).allSatisfy { ![0xE1, 0xED].contains($0) })
  }

  @Test("In an original's copy they replace what was there, keywords are added, and the rest stays")
  func originals() throws {
    let camera = try Scenes.jpeg(exif: [
      "exif-ifd0-Artist": "Somebody", "exif-ifd0-Model": "X9", "exif-ifd3-GPSLatitude": "39/1 54/1 27/1",
    ])
    let once = try PictureWords(creator: "Anna", keywords: ["婚礼"]).written(into: camera)
    let twice = try words.written(into: once)
    let tags = try ExifTool.tags(twice)
    expect(tags)
    #expect(tags["IFD0:Model"] == "X9")
    #expect(tags["GPS:GPSLatitude"] != nil, "a location is taken out by other means, if at all")
    #expect(try Pixels(twice).colour(0.7, 0.7) == Pixels(camera).colour(0.7, 0.7))
  }

  @Test("IPTC's fields are cut between characters")
  func lengths() throws {
    let long = String(repeating: "像素芝士", count: 40)
    let tags = try ExifTool.tags(try PictureWords(creator: long).written(into: try Scenes.jpeg()))
    #expect(tags["XMP-dc:Creator"] == long)
    #expect(tags["IPTC:By-line"] == String(long.prefix(10)))
  }

  @Test("What is no whole JPEG is an error, and no crash")
  func hostile() throws {
    let jpeg = try words.written(into: try Scenes.jpeg())
    for length in stride(from: 0, to: min(jpeg.count, 6000), by: 37) {
      _ = try? words.written(into: Array(jpeg.prefix(length)))
    }
    #expect(throws: PictureError.self) { try words.written(into: Array("no picture".utf8)) }
  }

  @Test("Real cameras' makers' notes and preview pictures are read as before", .enabled(if: Photos.areThere))
  func photos() throws {
    for name in [
      "canon-eos-450d.jpg", "nikon-d90.jpg", "panasonic-lx7.jpg", "iphone-6-plus.jpg",
    ] {
      let camera = Array(try Data(contentsOf: URL(filePath: Photos.path(name))))
      let before = try ExifTool.tags(camera, "-MakerNotes:all", "-MPF:all", "-ExifIFD:all")
      let copy = try words.written(into: camera)
      let after = try ExifTool.tags(copy, "-MakerNotes:all", "-MPF:all", "-ExifIFD:all")
      let changed = before.filter { after[$0.key] != $0.value && $0.key != "SourceFile" }
      #expect(
        changed.allSatisfy { $0.key.contains("Offset") || $0.key.contains("ImageStart") },
        "\(name): \(changed)")
      #expect(try Renderer.render(.bytes(copy)).isDamaged == false)
    }
  }
}
