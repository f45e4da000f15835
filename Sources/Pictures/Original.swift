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
  /// Adobe RGB by EXIF alone, with no profile embedded.
  let isAdobeRGB: Bool
  private(set) var facts: PictureFacts
  private let source: VipsInput

  /// - Throws: `PictureError`: `.notAPicture`, `.unsupportedFormat`, `.tooLarge`, `.corrupt`, `.io`.
  init(_ input: PictureInput) throws(PictureError) {
    let head = try input.head(PictureFormat.headLength)
    guard let format = PictureFormat(head: head) else {
      throw PictureError(
        .notAPicture, head.isEmpty ? "the file is empty" : "its content is of no known format")
    }
    switch format {
    case .clip: throw PictureError(.notAPicture, "a video clip has no renditions")
    case .raw, .tiff:
      if let raw = try RawPreview.read(input) {
        try self.init(raw: raw, fileFacts: ExifFacts.read(input.head(1 << 20)))
        return
      }
      guard format == .tiff else {
        throw PictureError(.unsupportedFormat, "LibRaw does not know this RAW file")
      }
    case .jpeg, .png, .webp, .gif, .heif: break
    }
    try self.init(source: input.source(), format: format)
    if format == .tiff { facts = facts.filled(from: ExifFacts.read(try input.head(1 << 20))) }
  }

  /// A RAW file: its preview is decoded, but the size is the RAW's, and EXIF of the file itself goes before what
  /// LibRaw made of it, since it has the zone and the fractions of a second.
  private init(raw: RawPreview, fileFacts: PictureFacts) throws(PictureError) {
    try self.init(source: VipsInput(bytes: raw.jpeg), format: .jpeg, orientationOutside: raw.orientation)
    var known = fileFacts.filled(from: facts).filled(from: raw.facts)
    (known.width, known.height) = (raw.facts.width ?? facts.width, raw.facts.height ?? facts.height)
    facts = known
  }

  /// - Parameter orientationOutside: what applies where the picture itself asks for no turn.
  private init(
    source: VipsInput, format: PictureFormat, orientationOutside: Int = 1
  ) throws(PictureError) {
    let header = try Original.load(source, format, shrink: 1, stoppingAt: VIPS_FAIL_ON_NONE)
    let stored = Size(width: header.width, height: header.height)
    guard stored.width * stored.height <= Renderer.pixelLimit else {
      throw PictureError(.tooLarge, "\(stored.width) by \(stored.height) pixels")
    }
    self.format = format
    self.stored = stored
    self.source = source
    orientation = header.orientation > 1 ? header.orientation : orientationOutside
    let exif = header.blob(VIPS_META_EXIF_NAME) ?? []
    isAdobeRGB = header.blob(VIPS_META_ICC_NAME) == nil && ExifFacts.isAdobeRGB(exif)
    var facts = ExifFacts.read(exif)
    let shown = stored.upright(orientation)
    (facts.width, facts.height) = (shown.width, shown.height)
    // XMP is where people and their programs write stars; EXIF's copy may be older.
    facts.rating = header.blob(VIPS_META_XMP_NAME).flatMap(XMPRating.find) ?? facts.rating
    self.facts = facts
  }

  /// Opens the picture for decoding.
  func open(shrink: Int, stoppingAt fault: VipsFailOn) throws(PictureError) -> VipsPicture {
    try Original.load(source, format, shrink: shrink, stoppingAt: fault)
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
