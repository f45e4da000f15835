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

  @Test("XMP that a camera wrote is kept, and gets the words")
  func packet() throws {
    let packet = """
      <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
      <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" \
      xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>Somebody</rdf:li></rdf:Seq></dc:creator>\
      <dc:subject><rdf:Bag><rdf:li>a &amp; b</rdf:li><rdf:li>Party</rdf:li></rdf:Bag></dc:subject></rdf:Description>\
      </rdf:RDF></x:xmpmeta>
      """
    let tags = try ExifTool.tags(
      try words.written(into: JPEGSegments.addingXMP(packet, to: try Scenes.jpeg())))
    #expect(tags["XMP-dc:Creator"] == "安娜·米勒" && tags["XMP-xmp:Rating"] == "4")
    #expect(tags["XMP-dc:Subject"] == "a & b|Party|婚礼")
    #expect(tags.first { $0.key.hasSuffix(":Warning") }?.value == nil)
  }

  @Test(
    "The pictures of a multi-picture file are found where its index says, and what would break it is refused")
  func index() throws {
    var plain = try JPEGHead(try Scenes.jpeg())
    let index = JPEGHead.Segment(marker: 0xE2, content: Array("MPF\u{0}".utf8) + [1, 2, 3])
    plain.segments.append(index)
    let head = try JPEGHead(try words.written(into: plain.bytes))
    #expect(head.index(0xE2, "MPF\u{0}") == head.segments.count - 1)
    #expect(head.segments.contains { $0.begins(with: "http://ns.adobe.com/xap/1.0/") })
    plain.segments.removeLast()
    plain.segments.insert(index, at: 0)
    #expect(throws: PictureError.self) { try words.written(into: plain.bytes) }
  }

  @Test("What is no whole JPEG is an error, and no crash")
  func hostile() throws {
    let jpeg = try words.written(into: try Scenes.jpeg())
    for length in stride(from: 0, to: min(jpeg.count, 6000), by: 37) {
      _ = try? words.written(into: Array(jpeg.prefix(length)))
    }
    #expect(throws: PictureError.self) { try words.written(into: Array("no picture".utf8)) }
  }

  @Test(
    "In real cameras' files nothing else changes: makers' notes, previews, other pictures inside",
    .enabled(if: Photos.areThere))
  func photos() throws {
    let folder = try #require(Photos.folder)
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "jpg" {
      let camera = Array(try Data(contentsOf: file))
      let copy = try words.written(into: camera)
      let (before, after) = (try ExifTool.tags(camera), try ExifTool.tags(copy))
      let own = ["Artist", "Copyright", "ImageDescription", "Description", "Rights", "IPTCDigest"]
      let changed = before.filter { tag, value in
        // Where exiftool's own file lies, and where in it a second picture begins.
        after[tag] != value && !tag.hasPrefix("System:") && !tag.hasSuffix("SourceFile")
          && !tag.hasPrefix("MPImage") && !tag.contains("MPImageStart")
          && !own.contains { tag.hasSuffix($0) }
      }
      #expect(changed == [:], "\(file.lastPathComponent)")
      #expect(after["XMP-dc:Creator"] == "安娜·米勒", "\(file.lastPathComponent)")
      #expect(after["IFD0:Artist"] == "安娜·米勒", "\(file.lastPathComponent)")
      #expect(try Renderer.render(.bytes(copy)).preview == Renderer.render(.bytes(camera)).preview)
    }
  }
}
