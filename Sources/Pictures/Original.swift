import CVips
import Model

/// An original that was looked at: its format, its size and its facts, before any pixel is decoded.
struct Original {
  /// The format of what is decoded; a RAW file's embedded preview is a JPEG.
  let format: PictureFormat
  /// Pixels as stored, before the orientation is applied, of what is decoded.
  let stored: Size
  /// EXIF's orientation, 1 to 8, that is still to be applied.
  let orientation: Int
  let facts: PictureFacts
  private let input: VipsInput

  /// - Throws: `PictureError`: `.notAPicture`, `.unsupportedFormat`, `.tooLarge`, `.corrupt`, `.io`.
  init(_ input: PictureInput) throws(PictureError) {
    let head = try input.head(PictureFormat.headLength)
    guard let format = PictureFormat(head: head) else {
      throw PictureError(
        .notAPicture, head.isEmpty ? "the file is empty" : "its content is of no known format")
    }
    guard format != .clip else { throw PictureError(.notAPicture, "a video clip has no renditions") }
    let source = try input.source()
    let header = try Original.load(source, format, shrink: 1, stoppingAt: VIPS_FAIL_ON_NONE)
    let stored = Size(width: header.width, height: header.height)
    guard stored.width * stored.height <= Renderer.pixelLimit else {
      throw PictureError(.tooLarge, "\(stored.width) by \(stored.height) pixels")
    }
    self.format = format
    self.stored = stored
    self.input = source
    orientation = header.orientation
    var facts = PictureFacts()
    let shown = stored.upright(orientation)
    facts.width = shown.width
    facts.height = shown.height
    self.facts = facts
  }

  /// Opens the picture for decoding.
  func open(shrink: Int, stoppingAt fault: VipsFailOn) throws(PictureError) -> VipsPicture {
    try Original.load(input, format, shrink: shrink, stoppingAt: fault)
  }

  private static func load(
    _ input: VipsInput, _ format: PictureFormat, shrink: Int, stoppingAt fault: VipsFailOn
  ) throws(PictureError) -> VipsPicture {
    try VipsPicture(.corrupt, "the header cannot be read") { made in
      switch format {
      case .jpeg: cvips_jpegload(input.source, CInt(shrink), fault, made)
      case .png: cvips_pngload(input.source, fault, made)
      case .webp: cvips_webpload(input.source, fault, made)
      case .gif: cvips_gifload(input.source, fault, made)
      case .heif: cvips_heifload(input.source, fault, made)
      case .tiff: cvips_tiffload(input.source, fault, made)
      case .raw, .clip: -1
      }
    }
  }
}
