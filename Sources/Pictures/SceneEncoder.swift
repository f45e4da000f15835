import CVips

/// Makes photographs that nobody took: for the demo, the simulated camera and tests.
///
/// The only way to libvips's SVG loader: a file from outside never reaches it.
public enum SceneEncoder {
  /// Draws an SVG, lays film grain over it and encodes it as a JPEG as a camera would.
  ///
  /// Blocks the thread while it draws (24 megapixels take over a second): not for the cooperative pool.
  /// - Parameters:
  ///   - svg: the scene. It must come from this program.
  ///   - width: pixels, 1 to 30,000.
  ///   - height: pixels, 1 to 30,000. A scene of other proportions is stretched.
  ///   - quality: JPEG quality, 1 to 100.
  ///   - grain: the noise's standard deviation in levels of 255; 0 for none. Grain makes files as big as a
  ///     camera's.
  ///   - exif: EXIF fields by libvips's names, `exif-ifd0-Make`, `exif-ifd2-DateTimeOriginal`,
  ///     `exif-ifd3-GPSLatitude`.
  /// - Throws: `PictureError` with `.encoding` when the scene cannot be drawn or encoded.
  public static func jpeg(
    svg: String, width: Int, height: Int, quality: Int, grain: Double, exif: [String: String]
  ) throws(PictureError) -> [UInt8] {
    guard (1...30_000).contains(width), (1...30_000).contains(height), (1...100).contains(quality) else {
      throw PictureError(.encoding, "a scene of \(width) by \(height) pixels at quality \(quality)")
    }
    try Vips.start()
    var picture = try draw(svg, width: width, height: height)
    if grain > 0 {
      let noise = try VipsPicture(.encoding, "grain") {
        cvips_gaussnoise(CInt(width), CInt(height), grain, $0)
      }
      picture = try picture.adding(noise).then(.encoding, "grain") { cvips_cast_uchar($0, $1) }
    }
    // A picture of our own: fields are never set on one that another pipeline may share.
    picture = try picture.inMemory()
    for (field, value) in exif {
      picture.set(field, to: value)
      // libvips writes its own orientation over the one in EXIF.
      if field == "exif-ifd0-Orientation", let orientation = Int(value) {
        picture.setOrientation(orientation)
      }
    }
    return try picture.jpeg(quality: quality, strip: false, optimised: false)
  }

  /// The scene in 8-bit sRGB on white.
  private static func draw(_ svg: String, width: Int, height: Int) throws(PictureError) -> VipsPicture {
    let text = Array(svg.utf8)
    func load(scale: Double) throws(PictureError) -> VipsPicture {
      try VipsPicture(.encoding, "SVG") { made in
        text.withUnsafeBytes { cvips_svgload($0.baseAddress, $0.count, scale, made) }
      }
    }
    var drawn = try load(scale: 1)
    let scale = max(Double(width) / Double(drawn.width), Double(height) / Double(drawn.height))
    if scale != 1 { drawn = try load(scale: scale) }
    if drawn.hasAlpha { drawn = try drawn.then(.encoding, "SVG") { cvips_flatten($0, 255, $1) } }
    // `text` outlives the drawing: the pixels are computed before this function returns.
    return try withExtendedLifetime(text) { () throws(PictureError) in
      try drawn.resized(width: width, height: height).inMemory()
    }
  }
}
