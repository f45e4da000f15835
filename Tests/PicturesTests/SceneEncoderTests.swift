import Model
import Pictures
import Testing

@Suite("Scenes")
struct SceneEncoderTests {
  @Test("A scene becomes a JPEG of the asked size")
  func size() throws {
    let bytes = try SceneEncoder.jpeg(
      svg: Scenes.plain, width: 600, height: 400, quality: 90, grain: 3, exif: ["exif-ifd0-Make": "Canon"])
    #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF]))
    let facts = try Renderer.facts(of: .bytes(bytes))
    #expect(facts.width == 600)
    #expect(facts.height == 400)
  }
}
