import Pictures

/// A scene as a JPEG without EXIF, to which each frame adds a head of its own.
struct DrawnScene: Sendable {
  /// Everything behind the start of the picture.
  private let body: [UInt8]
  private let thumbnail: [UInt8]
  private let width: Int
  private let height: Int

  /// Draws and encodes a scene so that it has about `bytes` bytes, rather fewer than more.
  /// - Parameter grain: what made the last scene as large as it should be; `nil` at first. Grain is what makes
  ///   files as big as a camera's.
  /// - Throws: `CameraSimulatorError` with code `picture`.
  init(_ scene: Scene, bytes: Int, grain: inout Double?) throws(CameraSimulatorError) {
    let isLarge = bytes > 8_000_000
    // For tests of thousands of frames: quick to draw, to read and to scale.
    let isTiny = bytes < 100_000
    width = isLarge ? 6000 : isTiny ? 480 : 4242
    height = isLarge ? 4000 : isTiny ? 320 : 2828
    let quality = isLarge ? 94 : isTiny ? 80 : 90
    let svg = scene.svg()
    // EXIF and the segments in front of the picture take some room.
    let limit = max(0, bytes - (isTiny ? 2_000 : 60_000))
    do {
      let small = try SceneEncoder.jpeg(svg: svg, width: 160, height: 107, quality: 75, grain: 0, exif: [:])
      thumbnail = isTiny ? [] : Self.withoutApplicationSegments(small)
      var level =
        try grain ?? Self.grain(svg, bitsPerPixel: Double(limit * 8) / Double(width * height), quality)
      var jpeg = try SceneEncoder.jpeg(
        svg: svg, width: width, height: height, quality: quality, grain: level, exif: [:])
      while jpeg.count > limit, level > 0 {
        level = level < 0.5 ? 0 : level * 0.85
        jpeg = try SceneEncoder.jpeg(
          svg: svg, width: width, height: height, quality: quality, grain: level, exif: [:])
      }
      grain = level
      body = Array(Self.withoutApplicationSegments(jpeg).dropFirst(2))
    } catch {
      throw CameraSimulatorError(.picture, "the scene cannot be made into a picture", underlying: error)
    }
  }

  /// The grain that gives a file of that density, found with a small drawing.
  private static func grain(_ svg: String, bitsPerPixel: Double, _ quality: Int) throws(PictureError)
    -> Double
  {
    var (low, high) = (0.0, 48.0)
    for _ in 0..<6 {
      let middle = (low + high) / 2
      let sample = try SceneEncoder.jpeg(
        svg: svg, width: 900, height: 600, quality: quality, grain: middle, exif: [:])
      if Double(sample.count * 8) / (900 * 600) < bitsPerPixel { low = middle } else { high = middle }
    }
    return low
  }

  /// The scene with a frame's own EXIF, and with filling behind the end of the picture until it has exactly
  /// `bytes` bytes; decoders ignore what is there.
  func frame(_ facts: FrameFacts, bytes: Int) -> FramePicture {
    let head = [0xFF, 0xD8] + ExifSegment.bytes(facts, width: width, height: height, thumbnail: thumbnail)
    let missing = max(0, bytes - head.count - body.count)
    var summary = JPEGHead()
    summary.width = width
    summary.height = height
    summary.thumbnail = thumbnail
    return FramePicture(
      content: ObjectContent([.bytes(head), .bytes(body), .filling(length: missing)]), head: summary,
      fileExtension: "JPG"
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
