import Pictures

/// A scene as a JPEG without EXIF, to which each frame adds a head of its own.
struct DrawnScene: Sendable {
  /// Everything behind the start of the picture.
  private let body: [UInt8]
  private let thumbnail: [UInt8]
  private let width: Int
  private let height: Int

  /// Draws and encodes a scene so that it has about `bytes` bytes, rather fewer than more.
  /// - Throws: `CameraSimulatorError` with code `picture`.
  init(_ scene: Scene, bytes: Int) throws(CameraSimulatorError) {
    let isLarge = bytes > 8_000_000
    width = isLarge ? 6000 : 4242
    height = isLarge ? 4000 : 2828
    let svg = scene.svg()
    do {
      let small = try SceneEncoder.jpeg(svg: svg, width: 160, height: 107, quality: 75, grain: 0, exif: [:])
      thumbnail = Self.withoutApplicationSegments(small)
      // Grain is what makes files big; bits for each pixel decide how much of it is needed.
      let density = Double(bytes) * 8 / Double(width * height)
      let grain = min(24, max(0, density * 2.2 - 1.5))
      var quality = density > 4 ? 94 : 90
      var jpeg = try SceneEncoder.jpeg(
        svg: svg, width: width, height: height, quality: quality, grain: grain, exif: [:])
      while jpeg.count > bytes - 60_000, quality > 30 {
        quality -= 12
        jpeg = try SceneEncoder.jpeg(
          svg: svg, width: width, height: height, quality: quality, grain: grain, exif: [:])
      }
      body = Array(Self.withoutApplicationSegments(jpeg).dropFirst(2))
    } catch {
      throw CameraSimulatorError(.picture, "the scene cannot be made into a picture", underlying: error)
    }
  }

  /// The scene with a frame's own EXIF, and with filling behind the end of the picture until it has exactly
  /// `bytes` bytes; decoders ignore what is there.
  func frame(_ facts: FrameFacts, bytes: Int) -> FramePicture {
    let head = [0xFF, 0xD8] + ExifSegment.bytes(facts, width: width, height: height, thumbnail: thumbnail)
    let filling = [UInt8](repeating: 0, count: max(0, bytes - head.count - body.count))
    var facts = JPEGHead()
    facts.width = width
    facts.height = height
    facts.thumbnail = thumbnail
    return FramePicture(
      content: ObjectContent([.bytes(head), .bytes(body), .bytes(filling)]), head: facts, fileExtension: "JPG"
    )
  }

  /// A JPEG without its APP1 and APP13 segments, EXIF among them; JFIF and colour profiles stay.
  static func withoutApplicationSegments(_ jpeg: [UInt8]) -> [UInt8] {
    var result = Array(jpeg.prefix(2))
    var position = 2
    while position + 4 <= jpeg.count, jpeg[position] == 0xFF, jpeg[position + 1] != 0xDA {
      let end = position + 2 + (Int(jpeg[position + 2]) << 8 | Int(jpeg[position + 3]))
      guard end <= jpeg.count else { break }
      if jpeg[position + 1] != 0xE1, jpeg[position + 1] != 0xED {
        result.append(contentsOf: jpeg[position..<end])
      }
      position = end
    }
    result.append(contentsOf: jpeg[position...])
    return result
  }
}
