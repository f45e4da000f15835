import CRaw
import Foundation
import Model

/// The largest JPEG that the camera put into a RAW file, and what LibRaw knows of the file.
struct RawPreview {
  let jpeg: [UInt8]
  /// EXIF's orientation that shows the preview upright, where the preview's own EXIF asks for no turn.
  let orientation: Int
  let facts: PictureFacts

  /// - Returns: `nil` when LibRaw does not know the file: with TIFF's structure, it may be a plain TIFF picture.
  /// - Throws: `PictureError`: `.unsupportedFormat` for a RAW file without a preview that can be used, `.corrupt`.
  static func read(_ input: PictureInput) throws(PictureError) -> RawPreview? {
    // LibRaw's own callbacks would write to standard error.
    let quiet = LIBRAW_OPIONS_NO_MEMERR_CALLBACK.rawValue | LIBRAW_OPIONS_NO_DATAERR_CALLBACK.rawValue
    guard let raw = libraw_init(UInt32(quiet)) else { throw PictureError(.encoding, "memory") }
    defer { libraw_close(raw) }
    switch input {
    case .file(let path):
      return try read(raw, opened: libraw_open_file(raw, path))
    case .bytes(let bytes):
      let result: Result<RawPreview?, PictureError> = bytes.withUnsafeBytes { buffer in
        // LibRaw takes the buffer as mutable, but only reads it.
        let opened = libraw_open_buffer(
          raw, UnsafeMutableRawPointer(mutating: buffer.baseAddress), buffer.count)
        return Result { () throws(PictureError) in try read(raw, opened: opened) }
      }
      return try result.get()
    }
  }

  private static func read(
    _ raw: UnsafeMutablePointer<libraw_data_t>, opened: CInt
  ) throws(PictureError) -> RawPreview? {
    if opened == LIBRAW_FILE_UNSUPPORTED.rawValue { return nil }
    try check(opened)
    try check(libraw_unpack_thumb(raw))
    return RawPreview(
      jpeg: try jpeg(in: raw.pointee.thumbnail), orientation: previewOrientation(raw.pointee),
      facts: facts(of: raw.pointee))
  }

  /// The preview as a JPEG; cameras of before 2005 kept plain pixels, and few of them.
  private static func jpeg(in thumbnail: libraw_thumbnail_t) throws(PictureError) -> [UInt8] {
    guard let start = thumbnail.thumb, thumbnail.tlength > 0 else {
      throw PictureError(.unsupportedFormat, "the RAW file has no preview")
    }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(thumbnail.tlength))
    switch thumbnail.tformat {
    case LIBRAW_THUMBNAIL_JPEG: return Array(bytes)
    case LIBRAW_THUMBNAIL_BITMAP:
      let (width, height) = (Int(thumbnail.twidth), Int(thumbnail.theight))
      guard width > 0, height > 0, thumbnail.tcolors == 3 || thumbnail.tcolors == 0,
        bytes.count >= width * height * 3
      else { fallthrough }
      return try VipsPicture(rgb: bytes, width: width, height: height)
        .jpeg(quality: 95, strip: true, optimised: false)
    default: throw PictureError(.unsupportedFormat, "the RAW file's preview is of an unknown kind")
    }
  }

  private static func check(_ code: CInt) throws(PictureError) {
    guard code != 0 else { return }
    // A positive code is errno's.
    guard code < 0 else { throw PictureError(.io, String(cString: strerror(code))) }
    let words = libraw_strerror(code).map { String(cString: $0) } ?? "LibRaw error \(code)"
    switch code {
    case LIBRAW_NO_THUMBNAIL.rawValue, LIBRAW_UNSUPPORTED_THUMBNAIL.rawValue:
      throw PictureError(.unsupportedFormat, words)
    case LIBRAW_UNSUFFICIENT_MEMORY.rawValue: throw PictureError(.encoding, words)
    default: throw PictureError(.corrupt, words)
    }
  }

  /// LibRaw counts turns as dcraw did: 3 is half a turn, 5 a quarter to the left, 6 a quarter to the right.
  private static func orientation(flip: CInt) -> Int {
    switch flip {
    case 3: 3
    case 5: 8
    case 6: 6
    default: 1
    }
  }

  /// The RAW's orientation, unless the preview's shape says that the camera turned it already.
  private static func previewOrientation(_ raw: libraw_data_t) -> Int {
    let orientation = orientation(flip: raw.sizes.flip)
    guard orientation >= 5 else { return orientation }
    let isTurned = (raw.thumbnail.twidth < raw.thumbnail.theight) != (raw.sizes.width < raw.sizes.height)
    return isTurned ? 1 : orientation
  }

  private static func facts(of raw: libraw_data_t) -> PictureFacts {
    var facts = PictureFacts()
    let shown = Size(width: Int(raw.sizes.width), height: Int(raw.sizes.height))
      .upright(orientation(flip: raw.sizes.flip))
    if shown.width > 0, shown.height > 0 { (facts.width, facts.height) = (shown.width, shown.height) }
    facts.camera = CameraName.joined(make: text(raw.idata.make), model: text(raw.idata.model))
    facts.lens = text(raw.lens.Lens) ?? text(raw.lens.makernotes.Lens)
    facts.exposureTime = ExposureText.time(seconds: Double(raw.other.shutter))
    facts.aperture = ExposureText.aperture(Double(raw.other.aperture))
    facts.iso = (1.0...10_000_000).contains(raw.other.iso_speed) ? Int(raw.other.iso_speed.rounded()) : nil
    facts.focalLength = ExposureText.focalLength(Double(raw.other.focal_len))
    facts.capturedAt = capturedAt(raw.other.timestamp)
    if let packet = raw.idata.xmpdata, raw.idata.xmplen > 0 {
      let bytes = UnsafeRawBufferPointer(start: packet, count: Int(raw.idata.xmplen))
      facts.rating = XMPRating.find(in: Array(bytes.prefix(1 << 20)))
    }
    return facts
  }

  /// LibRaw reads the camera's clock as if it stood in this machine's zone; undone the same way, the text is what
  /// the camera wrote. The zone itself is not known.
  private static func capturedAt(_ timestamp: time_t) -> String? {
    guard timestamp > 0 else { return nil }
    var (moment, fields) = (timestamp, tm())
    guard localtime_r(&moment, &fields) != nil else { return nil }
    let numbers = [
      Int(fields.tm_year) + 1900, Int(fields.tm_mon) + 1, Int(fields.tm_mday), Int(fields.tm_hour),
      Int(fields.tm_min), Int(fields.tm_sec),
    ]
    return CaptureTime.text(
      date: numbers.map { String($0) }.joined(separator: ":"), subseconds: nil, zone: nil)
  }

  /// A C array of characters, cleaned.
  private static func text<Characters>(_ characters: Characters) -> String? {
    withUnsafeBytes(of: characters) { CleanText.line(bytes: $0) }
  }
}
