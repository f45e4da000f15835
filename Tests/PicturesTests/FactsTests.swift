import Model
import Testing

@testable import Pictures

@Suite("Facts")
struct FactsTests {
  @Test("EXIF's fields become what photographers read")
  func everything() throws {
    let exif = TIFFBuilder.file([
      0x010F: .text("Canon"), 0x0110: .text("Canon EOS R5"), 0x4746: .shorts([4]),
      0x8769: .directory([
        0x829A: .rational(1, 250), 0x829D: .rational(28, 10), 0x8827: .shorts([800]),
        0x9003: .text("2026:11:23 14:03:07"), 0x9011: .text("+08:00"), 0x9291: .text("25"),
        0x920A: .rational(50, 1), 0xA434: .text("RF24-70mm F2.8 L IS USM"),
      ]),
    ])
    let original = JPEGSegments.addingEXIF(exif, to: try Scenes.jpeg())
    let expected = PictureFacts(
      capturedAt: "2026-11-23T14:03:07.250+08:00", width: 600, height: 400, camera: "Canon EOS R5",
      lens: "RF24-70mm F2.8 L IS USM", exposureTime: "1/250 s", aperture: "f/2.8", iso: 800, focalLength: 50,
      rating: 4)
    #expect(try Renderer.facts(of: .bytes(original)) == expected)
    #expect(try Renderer.render(.bytes(original)).facts == expected)
  }

  @Test("The fields that a scene is given are read back")
  func sceneFields() throws {
    let facts = try Renderer.facts(
      of: .bytes(
        Scenes.jpeg(exif: [
          "exif-ifd0-Make": "NIKON CORPORATION", "exif-ifd0-Model": "NIKON Z 6",
          "exif-ifd2-DateTimeOriginal": "2026:11:23 14:03:07", "exif-ifd2-OffsetTimeOriginal": "-05:00",
          "exif-ifd2-SubSecTimeOriginal": "07", "exif-ifd2-ExposureTime": "1/60", "exif-ifd2-FNumber": "4/1",
          "exif-ifd2-ISOSpeedRatings": "1600", "exif-ifd2-FocalLength": "85/1", "exif-ifd2-LensModel": "Z 85",
        ])))
    #expect(facts.camera == "NIKON Z 6")
    #expect(facts.capturedAt == "2026-11-23T14:03:07.070-05:00")
    #expect(facts.exposureTime == "1/60 s")
    #expect(facts.aperture == "f/4")
    #expect(facts.iso == 1600)
    #expect(facts.focalLength == 85)
    #expect(facts.lens == "Z 85")
  }

  @Test(
    "A capture time has a zone only where the camera wrote one, and none is better than a wrong one",
    arguments: [
      ("2026:11:23 14:03:07", nil, nil, "2026-11-23T14:03:07"),
      ("2026:11:23 14:03:07", "5", nil, "2026-11-23T14:03:07.500"),
      ("2026:11:23 14:03:07", "123456", "Z", "2026-11-23T14:03:07.123Z"),
      ("2026:11:23 14:03:07", nil, "-03:30", "2026-11-23T14:03:07-03:30"),
      ("2026:11:23 14:03:07", nil, "+99:00", "2026-11-23T14:03:07"),
      ("2026:11:23 14:03:07", "   ", "+8", "2026-11-23T14:03:07"),
      ("0000:00:00 00:00:00", nil, nil, nil), ("2026:13:01 00:00:00", nil, nil, nil),
      ("    :  :     :  :  ", nil, nil, nil), ("yesterday", nil, nil, nil), (nil, "12", "Z", nil),
    ] as [(String?, String?, String?, String?)])
  func captureTime(date: String?, subseconds: String?, zone: String?, expected: String?) {
    #expect(CaptureTime.text(date: date, subseconds: subseconds, zone: zone) == expected)
  }

  @Test(
    "A camera's maker is named once",
    arguments: [
      ("Canon", "Canon EOS R5", "Canon EOS R5"), ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
      ("SONY", "ILCE-7M4", "SONY ILCE-7M4"), ("OLYMPUS IMAGING CORP.", "E-M5", "OLYMPUS E-M5"),
      ("LEICA CAMERA AG", "LEICA T (Typ 701)", "LEICA T (Typ 701)"),
      ("EASTMAN KODAK COMPANY", "KODAK DC280", "KODAK DC280"), ("FUJIFILM", "X-T5", "FUJIFILM X-T5"),
      ("Apple", nil, "Apple"), (nil, "X100", "X100"), (nil, nil, nil), ("Corporation", "X", "Corporation X"),
    ] as [(String?, String?, String?)])
  func cameraName(make: String?, model: String?, expected: String?) {
    #expect(CameraName.joined(make: make, model: model) == expected)
  }

  @Test(
    "Exposure times are written as photographers write them",
    arguments: [
      (1.0 / 250, "1/250 s"), (10.0 / 600, "1/60 s"), (0.5, "1/2 s"), (0.4, "0.4 s"), (0.8, "0.8 s"),
      (1, "1 s"),
      (2.5, "2.5 s"), (30, "30 s"), (1.0 / 8000, "1/8000 s"), (0, nil), (1e300, nil),
    ] as [(Double, String?)])
  func exposureTime(seconds: Double, expected: String?) {
    #expect(ExposureText.time(seconds: seconds) == expected)
  }

  @Test(
    "Stars are read from XMP in either form",
    arguments: [
      (#"<rdf:Description xmp:Rating="3"/>"#, 3), ("<xmp:Rating>5</xmp:Rating>", 5), ("xap:Rating = '0'", 0),
      (#"xmp:Rating="3.5""#, 3), (#"xmp:Rating="-1""#, nil), (#"xmp:Rating="9""#, nil),
      (#"xmp:Rating="44""#, nil), (#"MicrosoftPhoto:Rating="50""#, nil), ("xmp:Rating", nil), ("", nil),
      (#"<xmp:RatingScale>2</xmp:RatingScale><xmp:Rating>4</xmp:Rating>"#, 4),
    ] as [(String, Int?)])
  func xmpRating(packet: String, expected: Int?) throws {
    #expect(XMPRating.find(in: Array(packet.utf8)) == expected)
    let original = JPEGSegments.addingXMP(packet, to: try Scenes.jpeg(width: 60, height: 40))
    #expect(try Renderer.facts(of: .bytes(original)).rating == expected)
  }

  @Test("Hostile texts lose what could do harm")
  func hostileText() throws {
    let exif = TIFFBuilder.file([
      0x010F: .text("Evil\u{1B}[2J\u{202E}\r\n  Co"),
      0x0110: .text([0x41, 0xFF, 0xFE, 0x42] + [UInt8](repeating: 0x43, count: 5000)),
      0x8769: .directory([0xA434: .text("<script>\u{7}alert(1)</script>\0hidden"), 0x8827: .shorts([0])]),
    ])
    let facts = try Renderer.facts(of: .bytes(JPEGSegments.addingEXIF(exif, to: Scenes.jpeg())))
    let camera = try #require(facts.camera)
    #expect(camera.hasPrefix("Evil[2J "))
    #expect(camera.unicodeScalars.count <= 200)
    #expect(camera.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    // Markup is text like any other: who writes a page escapes it.
    #expect(facts.lens == "<script>alert(1)</script>")
    #expect(facts.iso == nil)
  }

  @Test("Any damage to EXIF makes facts missing, never a crash")
  func damagedEXIF() {
    let exif = TIFFBuilder.file([
      0x010F: .text("Canon"), 0x0110: .text("Canon EOS R5"),
      0x8769: .directory([0x9003: .text("2026:11:23 14:03:07"), 0x829A: .rational(1, 250)]),
    ])
    for length in 0..<exif.count { _ = ExifFacts.read(Array(exif.prefix(length))) }
    for offset in exif.indices {
      for byte: UInt8 in [0x00, 0x7F, 0x80, 0xFF] {
        var damaged = exif
        damaged[offset] = byte
        _ = ExifFacts.read(damaged)
        _ = ExifFacts.isAdobeRGB(damaged)
      }
    }
  }

  @Test("A clip's facts come from its movie box")
  func clip() throws {
    let facts = try Renderer.facts(of: .bytes(Clips.turned))
    #expect(facts == PictureFacts(capturedAt: "2026-11-23T06:03:07Z", width: 1080, height: 1920))
    for length in stride(from: 8, to: Clips.turned.count, by: 7) {
      _ = try? Renderer.facts(of: .bytes(Array(Clips.turned.prefix(length))))
    }
  }
}
