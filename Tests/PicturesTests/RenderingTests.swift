import Foundation
import Model
import Testing

@testable import Pictures

@Suite("Rendering")
struct RenderingTests {
  private static let red = [255, 0, 0]

  @Test("Renditions have the long edges that albums expect, and the facts the original's size")
  func sizes() throws {
    let rendered = try Renderer.render(.bytes(Scenes.jpeg(width: 3000, height: 2000)))
    #expect(rendered.preview.size == Size(width: 2048, height: 1365))
    #expect(rendered.thumbnail.size == Size(width: 480, height: 320))
    #expect(rendered.facts.size == Size(width: 3000, height: 2000))
    #expect(!rendered.isDamaged)
    for rendition in [rendered.preview, rendered.thumbnail] {
      let pixels = try Pixels(rendition.bytes)
      #expect(pixels.size == rendition.size && pixels.bands == 3)
      #expect(pixels.isNear(Self.red, 0.25, 0.25))
    }
  }

  @Test("A picture is never enlarged", arguments: [(300, 200), (1, 1), (2048, 7)])
  func neverEnlarged(width: Int, height: Int) throws {
    let rendered = try Renderer.render(.bytes(Scenes.jpeg(width: width, height: height)))
    #expect(rendered.preview.size == Size(width: width, height: height))
    #expect(rendered.thumbnail.width <= 480)
    #expect(rendered.thumbnail.height >= 1)
  }

  @Test("Each of EXIF's orientations is applied", arguments: 1...8)
  func orientation(_ orientation: Int) throws {
    let original = try Scenes.jpeg(
      width: 600, height: 400, exif: ["exif-ifd0-Orientation": String(orientation)])
    let rendered = try Renderer.render(.bytes(original))
    let isTurned = orientation >= 5
    #expect(rendered.preview.width == (isTurned ? 400 : 600))
    #expect(rendered.facts.width == (isTurned ? 400 : 600))
    #expect(rendered.facts.height == (isTurned ? 600 : 400))
    // Where the red corner, at the top left as stored, is shown.
    let isRight = [2, 3, 6, 7].contains(orientation)
    let isBelow = [3, 4, 7, 8].contains(orientation)
    for bytes in [rendered.preview.bytes, rendered.thumbnail.bytes] {
      #expect(try Pixels(bytes).isNear(Self.red, isRight ? 0.8 : 0.2, isBelow ? 0.8 : 0.2))
    }
  }

  @Test("No metadata is in a rendition, and so no location")
  func stripped() throws {
    var original = try Scenes.jpeg(
      width: 700, height: 500,
      exif: [
        "exif-ifd0-Make": "Canon", "exif-ifd3-GPSLatitudeRef": "N", "exif-ifd3-GPSLatitude": "31/1 13/1 49/1",
      ])
    original = JPEGSegments.addingXMP("<x exif:GPSLatitude='31,13.8N'/>", to: original)
    original = JPEGSegments.addingProfile(AdobeRGB.profile, to: original)
    #expect(ByteSearch.first("GPSLatitude", in: original) != nil)
    let exif = try #require(ByteSearch.first("Exif\0\0", in: original))
    let tiff = try #require(TIFFStructure(Array(original.dropFirst(exif))))
    #expect(tiff.first[0x8825] != nil, "the original should have a GPS directory")

    let rendered = try Renderer.render(.bytes(original))
    for bytes in [rendered.preview.bytes, rendered.thumbnail.bytes] {
      let applications = JPEGSegments.markers(in: bytes).filter { $0 >= 0xE1 && $0 != 0xFE }
      #expect(applications.isEmpty, "application segments and comments: \(applications)")
      #expect(ByteSearch.first("Exif", in: bytes) == nil)
      #expect(ByteSearch.first("GPS", in: bytes) == nil)
      #expect(ByteSearch.first("http", in: bytes) == nil)
      #expect(ByteSearch.first("ICC_PROFILE", in: bytes) == nil)
    }
  }

  @Test("The embedded profile's colours become sRGB's")
  func profile() throws {
    let original = JPEGSegments.addingProfile(AdobeRGB.profile, to: try Scenes.jpeg(svg: Scenes.leaf))
    let rendered = try Renderer.render(.bytes(original))
    #expect(try Pixels(rendered.preview.bytes).isNear(Scenes.leafFromAdobeRGB, 0.5, 0.5, within: 4))
  }

  @Test("Adobe RGB that only EXIF mentions becomes sRGB too")
  func adobeRGB() throws {
    let exif = TIFFBuilder.file([
      0x8769: .directory([0xA005: .directory([0x0001: .text("R03")])])
    ])
    let original = JPEGSegments.addingEXIF(exif, to: try Scenes.jpeg(svg: Scenes.leaf))
    let rendered = try Renderer.render(.bytes(original))
    #expect(try Pixels(rendered.preview.bytes).isNear(Scenes.leafFromAdobeRGB, 0.5, 0.5, within: 4))
    let plain = try Renderer.render(.bytes(Scenes.jpeg(svg: Scenes.leaf)))
    #expect(try Pixels(plain.preview.bytes).isNear(Scenes.leafColour, 0.5, 0.5, within: 4))
  }

  @Test("A broken profile spoils colours at most, not the picture")
  func brokenProfile() throws {
    let original = JPEGSegments.addingProfile([UInt8](repeating: 7, count: 300), to: try Scenes.jpeg())
    let rendered = try Renderer.render(.bytes(original))
    #expect(try Pixels(rendered.preview.bytes).isNear(Self.red, 0.2, 0.2))
  }

  @Test("A transparent PNG lies on white")
  func transparentPNG() throws {
    let pixels = (0..<50).flatMap { row in
      (0..<60).flatMap { _ -> [UInt8] in row < 25 ? [0, 0, 255, 255] : [0, 0, 0, 0] }
    }
    let rendered = try Renderer.render(.bytes(PNGBuilder.rgba(width: 60, height: 50, pixels: pixels)))
    let shown = try Pixels(rendered.preview.bytes)
    #expect(shown.isNear([0, 0, 255], 0.5, 0.2))
    #expect(shown.isNear([255, 255, 255], 0.5, 0.8))
    #expect(rendered.facts.size == Size(width: 60, height: 50))
  }

  @Test("The thumbnail is there before the preview, with the facts")
  func thumbnailFirst() throws {
    var early: [Rendition] = []
    let rendered = try Renderer.render(.bytes(Scenes.jpeg())) { thumbnail, facts in
      early.append(thumbnail)
      #expect(facts.width == 600)
    }
    #expect(early == [rendered.thumbnail])
  }
}
