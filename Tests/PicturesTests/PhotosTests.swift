import Foundation
import Model
import Testing

@testable import Pictures

@Suite("Real cameras' files", .enabled(if: Photos.areThere))
struct PhotosTests {
  @Test(
    "Every photo is rendered, and its camera known",
    arguments: [
      ("canon-eos-20d.jpg", "Canon EOS 20D"), ("canon-eos-350d.jpg", "Canon EOS 350D DIGITAL"),
      ("canon-eos-450d.jpg", "Canon EOS 450D"), ("iphone-6-plus.jpg", "Apple iPhone 6 Plus"),
      ("iphone.heic", "Apple iPhone 11 Pro"), ("leica-t.jpg", "LEICA T (Typ 701)"),
      ("nikon-d3100.jpg", "NIKON D3100"), ("nikon-d70s.nef", "NIKON D70s"), ("nikon-d90.jpg", "NIKON D90"),
      ("panasonic-lx7.jpg", "Panasonic DMC-LX7"), ("sigma-dp1.jpg", "SIGMA DP1"),
      ("sony-d5403.jpg", "Sony D6503"),
    ])
  func rendered(name: String, camera: String) throws {
    let rendered = try Renderer.render(.file(Photos.path(name)))
    #expect(rendered.facts.camera == camera)
    #expect(!rendered.isDamaged)
    #expect(max(rendered.preview.width, rendered.preview.height) == 2048)
    #expect(max(rendered.thumbnail.width, rendered.thumbnail.height) == 480)
    #expect(rendered.facts.capturedAt != nil)
    let shape = Double(rendered.facts.width ?? 0) / Double(rendered.facts.height ?? 1)
    #expect(abs(shape - Double(rendered.preview.width) / Double(rendered.preview.height)) < 0.01)
    for bytes in [rendered.preview.bytes, rendered.thumbnail.bytes] {
      #expect(!JPEGSegments.markers(in: bytes).contains { $0 >= 0xE1 && $0 <= 0xFE })
    }
  }

  @Test("An iPhone's HEIC is upright, and its time has a zone")
  func heic() throws {
    let facts = try Renderer.facts(of: .file(Photos.path("iphone.heic")))
    #expect(facts.size == Size(width: 3024, height: 4032))
    #expect(facts.capturedAt == "2020-05-04T18:39:11.644-04:00")
  }

  @Test("Stars that a program wrote are read")
  func stars() throws {
    #expect(try Renderer.facts(of: .file(Photos.path("iphone-6-plus.jpg"))).rating == 2)
  }

  @Test("A clip has facts and no renditions")
  func clip() throws {
    let path = Photos.path("clip.mov")
    let facts = try Renderer.facts(of: .file(path))
    #expect(facts.size == Size(width: 640, height: 480))
    #expect(throws: PictureError(.notAPicture, "a video clip has no renditions")) {
      try Renderer.render(.file(path))
    }
  }
}
