import CVips

/// A text or a picture that is laid over renditions; never over an original.
public struct Watermark: Hashable, Sendable {
  /// What is laid over them.
  public enum Content: Hashable, Sendable {
    /// In any script that the system has a font for.
    case text(String)
    /// A picture's path; its transparency counts.
    case picture(String)
  }

  /// Where it lies, as the option `--watermark-position` says it.
  public enum Position: String, CaseIterable, Sendable {
    case topLeft = "top-left"
    case top
    case topRight = "top-right"
    case left
    case center
    case right
    case bottomLeft = "bottom-left"
    case bottom
    case bottomRight = "bottom-right"
  }

  public var content: Content
  public var position: Position
  /// 0 is invisible, 1 hides what is under it.
  public var opacity: Double
  /// Its width in parts of the picture's width, above 0 to 1.
  public var size: Double
  /// Its distance from the edges in parts of the picture's shorter edge, 0 to 0.5.
  public var margin: Double

  public init(
    _ content: Content, position: Position = .bottomRight, opacity: Double = 0.6, size: Double = 0.2,
    margin: Double = 0.02
  ) {
    self.content = content
    self.position = position
    self.opacity = min(max(opacity, 0), 1)
    self.size = min(max(size, 0.01), 1)
    self.margin = min(max(margin, 0), 0.5)
  }

  /// Looks whether this watermark can be made at all.
  /// - Throws: `PictureError`.
  public func check() throws(PictureError) {
    try Vips.start()
    _ = try layers(width: 200, height: 200)
  }

  /// Lays it over a picture of 8-bit sRGB with three bands.
  func laid(over picture: VipsPicture) throws(PictureError) -> VipsPicture {
    let distance = Int((margin * Double(min(picture.width, picture.height))).rounded())
    let room = Size(width: picture.width - 2 * distance, height: picture.height - 2 * distance)
    guard room.width >= 8, room.height >= 8 else { return picture }
    let layers = try layers(
      width: min(room.width, max(8, Int((size * Double(picture.width)).rounded()))), height: room.height)
    guard let first = layers.first else { return picture }
    let (width, height) = (first.width, first.height)
    let x = place(horizontal, of: width, in: picture.width, distance)
    let y = place(vertical, of: height, in: picture.height, distance)
    // Only what is under it is blended: a thirtieth of the work.
    var area = try picture.then(.encoding, "watermark") {
      cvips_extract_area($0, CInt(x), CInt(y), CInt(width), CInt(height), $1)
    }
    for layer in layers {
      area = try area.laying(layer).then(.encoding, "watermark") { cvips_extract_bands($0, 0, 3, $1) }
    }
    let blended = try area.then(.encoding, "watermark") { cvips_cast_uchar($0, $1) }
    return try picture.inserting(blended, x: x, y: y).inMemory()
  }

  /// Pictures of the same size with alpha, to be laid one over the other.
  private func layers(width: Int, height: Int) throws(PictureError) -> [VipsPicture] {
    switch content {
    case .text(let text): try textLayers(text, width: width, height: height)
    case .picture(let path):
      [
        try VipsPicture(.io, "the watermark \(path)") { made in
          cvips_thumbnail_with_alpha(path, CInt(width), CInt(height), opacity, made)
        }
      ]
    }
  }

  /// White letters on a soft shadow, to be read on snow and at night.
  private func textLayers(_ text: String, width: Int, height: Int) throws(PictureError) -> [VipsPicture] {
    // Drawn large, since how wide the letters come out is the font's affair, and then made as wide as they should be.
    let drawn = try VipsPicture(.encoding, "the watermark's text") { made in
      cvips_text(Self.escaped(text), "sans bold 48", 150, made)
    }
    let edge = max(2, width / 60)
    let scale = min(
      Double(max(4, width - 2 * edge)) / Double(drawn.width),
      Double(max(4, height - 2 * edge)) / Double(drawn.height))
    let letters = try drawn.resized(
      width: max(1, Int(Double(drawn.width) * scale)), height: max(1, Int(Double(drawn.height) * scale)))
    // Twice read below: the letters are computed once.
    let mask = try letters.then(.encoding, "watermark") { cvips_embed($0, CInt(edge), $1) }.inMemory()
    let shadow = try mask.then(.encoding, "watermark") { cvips_gaussblur($0, Double(edge) / 2, $1) }
    return [
      try shadow.then(.encoding, "watermark") { cvips_coloured($0, 0, opacity, $1) },
      try mask.then(.encoding, "watermark") { cvips_coloured($0, 255, opacity, $1) },
    ]
  }

  /// Pango reads a markup of its own.
  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  /// -1 at the beginning, 0 in the middle, 1 at the end.
  private var horizontal: Int {
    switch position {
    case .topLeft, .left, .bottomLeft: -1
    case .top, .center, .bottom: 0
    case .topRight, .right, .bottomRight: 1
    }
  }

  private var vertical: Int {
    switch position {
    case .topLeft, .top, .topRight: -1
    case .left, .center, .right: 0
    case .bottomLeft, .bottom, .bottomRight: 1
    }
  }

  private func place(_ side: Int, of length: Int, in whole: Int, _ distance: Int) -> Int {
    switch side {
    case ..<0: distance
    case 0: (whole - length) / 2
    default: whole - distance - length
    }
  }
}
