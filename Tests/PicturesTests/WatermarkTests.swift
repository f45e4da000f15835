import Foundation
import Testing

@testable import Pictures

@Suite("Watermarks")
struct WatermarkTests {
  private func preview(_ watermark: Watermark?, of jpeg: [UInt8]) throws -> Pixels {
    try Pixels(try Renderer.render(.bytes(jpeg), finish: Finish(watermark: watermark)).preview.bytes)
  }

  /// How many of the points of a grid in a part of the picture are another colour than before.
  private func changes(_ marked: Pixels, _ plain: Pixels, _ x: ClosedRange<Double>, _ y: ClosedRange<Double>)
    -> Int
  {
    var count = 0
    for column in 0..<60 {
      for row in 0..<60 {
        let px = x.lowerBound + (x.upperBound - x.lowerBound) * Double(column) / 60
        let py = y.lowerBound + (y.upperBound - y.lowerBound) * Double(row) / 60
        if !marked.isNear(plain.colour(px, py), px, py, within: 25) { count += 1 }
      }
    }
    return count
  }

  @Test(
    "A text is where it should be, Latin and Chinese, and nowhere else", arguments: ["© Anna <&>", "像素芝士"])
  func text(text: String) throws {
    let jpeg = try Scenes.jpeg()
    let plain = try preview(nil, of: jpeg)
    let marked = try preview(Watermark(.text(text), position: .topRight, opacity: 1, size: 0.4), of: jpeg)
    #expect(marked.size == plain.size)
    #expect(changes(marked, plain, 0.55...0.99, 0.0...0.4) > 50)
    #expect(changes(marked, plain, 0.0...0.45, 0.0...0.99) == 0)
    #expect(changes(marked, plain, 0.0...0.99, 0.6...0.99) == 0)
  }

  @Test("A picture is laid over with its own transparency and the opacity; the thumbnail has it too")
  func picture() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "pixcheese-\(UUID().uuidString).svg")
    defer { try? FileManager.default.removeItem(at: file) }
    try """
    <svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="50" height="100" fill="#fff"/></svg>
    """.write(to: file, atomically: true, encoding: .utf8)
    let jpeg = try Scenes.jpeg()
    let half = Watermark(.picture(file.path), position: .bottomLeft, opacity: 0.5, size: 0.2, margin: 0)
    let rendered = try Renderer.render(.bytes(jpeg), finish: Finish(watermark: half))
    for rendition in [rendered.preview, rendered.thumbnail] {
      let pixels = try Pixels(rendition.bytes)
      // The scene is 22 44 66 there; half of it, and half white.
      #expect(pixels.isNear([0x90, 0xA1, 0xB2], 0.05, 0.9), "\(pixels.colour(0.05, 0.9))")
      #expect(pixels.isNear([0x22, 0x44, 0x66], 0.15, 0.9), "\(pixels.colour(0.15, 0.9))")
    }
  }

  @Test("It fits into pictures of any shape, and a grey one", arguments: [(600, 20), (20, 600), (4, 4)])
  func shapes(width: Int, height: Int) throws {
    let jpeg = try Scenes.jpeg(width: width, height: height)
    for position in Watermark.Position.allCases {
      #expect(
        try preview(Watermark(.text("芝"), position: position, size: 1, margin: 0.4), of: jpeg).size
          == Size(width: width, height: height))
    }
  }

  @Test("One that cannot be drawn is told before the first picture")
  func missing() {
    #expect(throws: PictureError.self) { try Watermark(.picture("/nonexistent.png")).check() }
    #expect(throws: Never.self) { try Watermark(.text("x")).check() }
  }
}
