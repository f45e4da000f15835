import CVips
public import Model

/// Renditions and facts of a picture.
///
/// Everything here blocks the thread for as long as the picture takes (50 to 500 ms): call it from a thread of
/// your own, or through `Darkroom`.
public enum Renderer {
  /// More pixels than this are refused before anything is decoded, since a few bytes can claim billions.
  /// The largest sensors have 150 million.
  public static let pixelLimit = 200_000_000

  /// JPEG quality of thumbnails.
  static let thumbnailQuality = 80
  /// JPEG quality of previews.
  static let previewQuality = 82

  /// Renders a picture: the original is decoded once, no larger than needed, into the preview's pixels, and the
  /// thumbnail is made of those.
  /// - Parameters:
  ///   - input: the original.
  ///   - finish: what is laid over the renditions and written into them.
  ///   - thumbnailReady: called on this thread when the thumbnail is done, before the preview is encoded.
  /// - Throws: `PictureError`. A truncated picture is no error: see `RenderedPicture.isDamaged`.
  public static func render(
    _ input: PictureInput, finish: Finish = .none,
    thumbnailReady: (Rendition, PictureFacts) -> Void = { _, _ in }
  ) throws(PictureError) -> RenderedPicture {
    try Vips.start()
    let original = try Original(input)
    var (pixels, isDamaged) = try previewPixels(of: original)
    if let watermark = finish.watermark { pixels = try watermark.laid(over: pixels) }
    let small = Size(width: pixels.width, height: pixels.height).fitting(
      longEdge: AssetKind.thumbnail.longEdge)
    let thumbnail = try encode(
      try pixels.resized(width: small.width, height: small.height), as: .thumbnail, quality: thumbnailQuality,
      words: finish.words)
    thumbnailReady(thumbnail, original.facts)
    let preview = try encode(pixels, as: .preview, quality: previewQuality, words: finish.words)
    return RenderedPicture(
      thumbnail: thumbnail, preview: preview, facts: original.facts, isDamaged: isDamaged)
  }

  /// The facts of a picture or clip, without decoding it.
  /// - Throws: `PictureError` with `.notAPicture` for content that is neither, `.corrupt` or `.io`.
  public static func facts(of input: PictureInput) throws(PictureError) -> PictureFacts {
    try Vips.start()
    if try PictureFormat(head: input.head(PictureFormat.headLength)) == .clip {
      return try ClipFacts.read(input)
    }
    return try Original(input).facts
  }

  private static func encode(
    _ picture: VipsPicture, as kind: AssetKind, quality: Int, words: PictureWords
  ) throws(PictureError) -> Rendition {
    let bytes = try words.written(into: try picture.jpeg(quality: quality, strip: true, optimised: true))
    return Rendition(kind: kind, bytes: bytes, width: picture.width, height: picture.height)
  }

  /// The preview's pixels in memory: 8-bit sRGB, upright; and whether the original had a fault.
  ///
  /// libvips is first asked to stop at a fault, so that we learn of it, and then to go on past it.
  private static func previewPixels(of original: Original) throws(PictureError) -> (
    VipsPicture, isDamaged: Bool
  ) {
    do {
      return (try pixels(of: original, stoppingAt: VIPS_FAIL_ON_ERROR), false)
    } catch {
      guard error.code == .corrupt else { throw error }
      return (try pixels(of: original, stoppingAt: VIPS_FAIL_ON_NONE), true)
    }
  }

  private static func pixels(
    of original: Original, stoppingAt fault: VipsFailOn
  ) throws(PictureError) -> VipsPicture {
    let target = original.stored.fitting(longEdge: AssetKind.preview.longEdge)
    let shrink = original.format == .jpeg ? Shrink.onLoad(from: original.stored, to: target) : 1
    var picture = try original.open(shrink: shrink, stoppingAt: fault)
    if picture.hasAlpha {
      let white: Double = picture.format == VIPS_FORMAT_USHORT ? 65535 : 255
      picture = try picture.then(.corrupt, "alpha") { cvips_flatten($0, white, $1) }
    }
    picture = try picture.resized(width: target.width, height: target.height)
    if original.isAdobeRGB { picture.set(VIPS_META_ICC_NAME, to: AdobeRGB.profile) }
    picture = try ColourConversion.toSRGB(picture).inMemory()
    guard original.orientation > 1 else { return picture }
    picture.setOrientation(original.orientation)
    return try picture.then(.corrupt, "orientation") { cvips_autorot($0, $1) }.inMemory()
  }
}
