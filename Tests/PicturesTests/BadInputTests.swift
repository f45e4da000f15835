import Foundation
import Model
import Testing

@testable import Pictures

@Suite("Bad input")
struct BadInputTests {
  private func code(_ bytes: [UInt8]) -> PictureError.Code? {
    do throws(PictureError) {
      _ = try Renderer.render(.bytes(bytes))
      return nil
    } catch {
      return error.code
    }
  }

  @Test(
    "What is no picture is refused by its content, whatever libvips could open",
    arguments: [
      "", "hello", "%PDF-1.4\n%", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
      "P6 1 1 255 abc",
    ])
  func notAPicture(content: String) {
    #expect(code(Array(content.utf8)) == .notAPicture)
  }

  @Test("A clip has no renditions")
  func clip() {
    #expect(code(Clips.turned) == .notAPicture)
  }

  @Test("A truncated JPEG shows what there is, and says so", arguments: [0.3, 0.7, 0.99])
  func truncated(part: Double) throws {
    let whole = try Scenes.jpeg(width: 1200, height: 800, grain: 4)
    let rendered = try Renderer.render(.bytes(Array(whole.prefix(Int(Double(whole.count) * part)))))
    #expect(rendered.isDamaged)
    #expect(rendered.preview.width == 1200 && rendered.facts.width == 1200)
    #expect(try Pixels(rendered.preview.bytes).isNear([255, 0, 0], 0.2, 0.1, within: 30))
  }

  @Test("A JPEG without any pixels is corrupt")
  func hopeless() throws {
    #expect(code([0xFF, 0xD8, 0xFF, 0xE0]) == .corrupt)
    #expect(code(Array(try Scenes.jpeg().prefix(30))) == .corrupt)
    #expect(code([0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0, count: 5000)) == .corrupt)
  }

  @Test(
    "RAW signatures with nothing behind them are errors",
    arguments: ["FUJIFILMCCD-RAW ", "II*\0", "MM\0*", "FOVb"])
  func hopelessRAW(signature: String) {
    let code = code(Array(signature.utf8) + [UInt8](repeating: 0, count: 4000))
    #expect(code == .corrupt || code == .unsupportedFormat)
  }

  @Test("A picture that claims billions of pixels is refused before it is decoded")
  func bomb() {
    #expect(code(PNGBuilder.rgba(width: 60_000, height: 60_000, pixels: [])) == .tooLarge)
  }

  @Test("Paths that are no regular files are refused at once")
  func paths() throws {
    for path in ["/nonexistent/IMG_0001.JPG", "/", "/dev/zero", "/tmp\0/IMG_0001.JPG", ""] {
      #expect(throws: PictureError.self) { try Renderer.render(.file(path)) }
    }
  }

  @Test("Damage anywhere in a JPEG ends in a picture or an error")
  func damagedAnywhere() throws {
    let whole = try Scenes.jpeg(width: 160, height: 120, grain: 2, exif: ["exif-ifd0-Make": "Canon"])
    var seed: UInt64 = 1
    for _ in 0..<300 {
      var damaged = whole
      for _ in 0..<3 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        damaged[Int(seed >> 33) % damaged.count] = UInt8(truncatingIfNeeded: seed >> 20)
      }
      _ = code(damaged)
    }
  }

  @Test("An error's words are one clean line")
  func words() {
    let error = PictureError(.corrupt, "VipsJpeg: \u{1B}[31mbad\nVipsJpeg: worse\n")
    #expect(error.description == "the picture is corrupt: VipsJpeg: [31mbad VipsJpeg: worse")
  }
}
