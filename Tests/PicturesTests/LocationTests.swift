import Foundation
import Model
import Testing

@testable import Pictures

@Suite("A location is taken out of an original's copy")
struct LocationTests {
  private static let place = [
    "exif-ifd0-Model": "X9", "exif-ifd2-DateTimeOriginal": "2026:11:23 14:03:07",
    "exif-ifd3-GPSLatitude": "39/1 54/1 27/1", "exif-ifd3-GPSLatitudeRef": "N",
    "exif-ifd3-GPSLongitude": "116/1 23/1 50/1", "exif-ifd3-GPSLongitudeRef": "E",
  ]

  /// The file without its location, of which nothing is left that exiftool finds.
  @discardableResult
  private func removed(_ jpeg: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> [UInt8] {
    guard case .removed(let rest) = LocationRemoval.remove(from: jpeg) else {
      Issue.record("\(LocationRemoval.remove(from: jpeg))", sourceLocation: sourceLocation)
      return []
    }
    #expect(rest.count == jpeg.count, sourceLocation: sourceLocation)
    #expect(
      LocationRemoval.remove(from: rest) == LocationRemoval.Outcome.none, sourceLocation: sourceLocation)
    if ExifTool.isInstalled {
      let tags = try ExifTool.tags(rest, "-ee")
      let places = tags.filter { $0.key.contains("GPS") && !$0.key.contains("GPSVersionID") }
      #expect(places == [:], sourceLocation: sourceLocation)
      let before = try ExifTool.tags(jpeg, "-ee").filter { $0.key.hasSuffix(":Warning") }
      let after = tags.filter { $0.key.hasSuffix(":Warning") && before[$0.key] != $0.value }
      #expect(after == [:], sourceLocation: sourceLocation)
    }
    return rest
  }

  @Test("EXIF of both byte orders: the place goes, the rest and every pixel stay")
  func exif() throws {
    let jpeg = try Scenes.jpeg(exif: Self.place)
    let rest = try removed(jpeg)
    #expect(try Renderer.facts(of: .bytes(rest)).camera == "X9")
    #expect(try Renderer.facts(of: .bytes(rest)).capturedAt == "2026-11-23T14:03:07")
    #expect(try Pixels(rest).colour(0.7, 0.7) == Pixels(jpeg).colour(0.7, 0.7))
    let big = JPEGSegments.addingEXIF(
      TIFFBuilder.file([
        0x0110: .text("Camera with a long name"),
        0x8825: .directory([
          1: .text("N"), 2: .rational(39, 1), 0x1B: .text("a long text that tells a place"),
        ]),
        0x8298: .text("© somebody"),
      ]), to: try Scenes.jpeg())
    let bigRest = try removed(big)
    #expect(try Renderer.facts(of: .bytes(bigRest)).camera == "Camera with a long name")
    #expect(LocationRemoval.places(of: "tells a place", in: bigRest).isEmpty)
    #expect(!LocationRemoval.places(of: "somebody", in: bigRest).isEmpty)
  }

  @Test("XMP as attributes and as elements, of whatever namespace")
  func xmp() throws {
    let packet = """
      <?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
      xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" \
      xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" \
      exif:GPSLatitude="39,54.45N" xmp:Rating="4" drone-dji:GpsLongtitude = '116.3'>\
      <exif:GPSLongitude>116,23.8E</exif:GPSLongitude><exif:GPSAltitude/>\
      <exif:GPSTimeStamp a="x>y">2026</exif:GPSTimeStamp><xmp:Label>a:GPS b</xmp:Label>\
      </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>
      """
    let rest = try removed(JPEGSegments.addingXMP(packet, to: try Scenes.jpeg()))
    #expect(try Renderer.facts(of: .bytes(rest)).rating == 4)
    #expect(!LocationRemoval.places(of: "a:GPS b", in: rest).isEmpty)
    #expect(LocationRemoval.places(of: "116", in: rest).isEmpty)
  }

  @Test("A second picture inside the file loses its own location too")
  func second() throws {
    let one = try Scenes.jpeg(exif: Self.place)
    let rest = try removed(one + one)
    #expect(LocationRemoval.remove(from: Array(rest.suffix(one.count))) == LocationRemoval.Outcome.none)
  }

  @Test("A picture without a location is left as it is")
  func none() throws {
    #expect(LocationRemoval.remove(from: try Scenes.jpeg()) == LocationRemoval.Outcome.none)
  }

  @Test("Where a location may be left it is said: another format, a clip inside, a packet in pieces")
  func impossible() throws {
    func isImpossible(_ bytes: [UInt8]) -> Bool {
      if case .impossible = LocationRemoval.remove(from: bytes) { true } else { false }
    }
    let jpeg = try Scenes.jpeg()
    #expect(isImpossible(jpeg + Array("\u{0}\u{0}\u{0}\u{18}ftypmp42".utf8)))
    #expect(isImpossible(JPEGSegments.adding(0xEB, Array("{\"exif:GPSLatitude\": \"39\"}".utf8), to: jpeg)))
    #expect(isImpossible(JPEGSegments.addingXMP("<rdf:RDF exif:GPSLatitude=\"1\"", to: jpeg)))
    #expect(isImpossible(JPEGSegments.addingXMP("<rdf:RDF <exif:GPSLatitude>1 </rdf:RDF>", to: jpeg)))
    let file = FileManager.default.temporaryDirectory.appending(path: "pixcheese-\(UUID().uuidString).heic")
    try Data(Array("\u{0}\u{0}\u{0}\u{18}ftypheic".utf8)).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    guard case .impossible = try LocationRemoval.remove(fromFile: file.path) else {
      Issue.record("HEIC is not looked into")
      return
    }
  }

  @Test("Hostile EXIF ends well: every byte of a small one changed, and cut off anywhere")
  func hostile() throws {
    let exif = TIFFBuilder.file([
      0x0110: .text("X9"), 0x8825: .directory([1: .text("N"), 2: .rational(39, 1)]),
      0x8769: .directory([0x8827: .shorts([100])]),
    ])
    let jpeg = JPEGSegments.addingEXIF(exif, to: [0xFF, 0xD8, 0xFF, 0xD9])
    for index in 12..<jpeg.count {
      for value in [0x00, 0x7F, 0xFF] as [UInt8] {
        var changed = jpeg
        changed[index] = value
        _ = LocationRemoval.remove(from: changed)
      }
      _ = LocationRemoval.remove(from: Array(jpeg.prefix(index)))
    }
  }

  @Test(
    "Real cameras' files: whatever had a location has none, and is otherwise as before",
    .enabled(if: Photos.areThere))
  func photos() throws {
    let folder = try #require(Photos.folder)
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where file.pathExtension == "jpg" {
      let bytes = Array(try Data(contentsOf: file))
      switch LocationRemoval.remove(from: bytes) {
      case .none:
        guard ExifTool.isInstalled else { continue }
        #expect(try ExifTool.tags(bytes, "-ee", "-gps:all").filter { $0.key.contains("GPSL") } == [:])
      case .removed:
        let rest = try removed(bytes)
        #expect(try Renderer.render(.bytes(rest)).preview == Renderer.render(.bytes(bytes)).preview)
      case .impossible(let reason): Issue.record("\(file.lastPathComponent): \(reason)")
      }
    }
  }
}
