import Model

/// Facts from EXIF (CIPA DC-008): everything but the size, which the picture itself knows better.
enum ExifFacts {
  /// - Parameter bytes: a JPEG's EXIF segment, or the beginning of a TIFF or RAW file.
  static func read(_ bytes: [UInt8]) -> PictureFacts {
    var facts = PictureFacts()
    guard let tiff = TIFFStructure(bytes) else { return facts }
    let first = tiff.first
    let exif = tiff.directory(first[0x8769])

    facts.capturedAt =
      CaptureTime.text(  // DateTimeOriginal, SubSecTimeOriginal, OffsetTimeOriginal
        date: tiff.text(exif[0x9003]), subseconds: tiff.text(exif[0x9291]), zone: tiff.text(exif[0x9011]))
      ?? CaptureTime.text(  // DateTimeDigitized and its companions
        date: tiff.text(exif[0x9004]), subseconds: tiff.text(exif[0x9292]), zone: tiff.text(exif[0x9012]))
    facts.camera = CameraName.joined(make: tiff.text(first[0x010F]), model: tiff.text(first[0x0110]))
    facts.lens = tiff.text(exif[0xA434])
    facts.exposureTime = tiff.positive(exif[0x829A]).flatMap(ExposureText.time)
    facts.aperture = tiff.positive(exif[0x829D]).flatMap(ExposureText.aperture)
    facts.iso = iso(tiff, exif)
    facts.focalLength = tiff.positive(exif[0x920A]).flatMap(ExposureText.focalLength)
    facts.rating =
      XMPRating.find(in: Array(tiff.content(of: first[0x02BC], limit: 1 << 20)))
      ?? tiff.integer(first[0x4746]).flatMap { (0...5).contains($0) ? $0 : nil }
    return facts
  }

  /// PhotographicSensitivity ends at 65,535; what is higher stands in RecommendedExposureIndex or
  /// StandardOutputSensitivity.
  private static func iso(_ tiff: TIFFStructure, _ exif: TIFFStructure.Directory) -> Int? {
    let plain = tiff.integer(exif[0x8827])
    if let plain, (1..<65535).contains(plain) { return plain }
    let high = tiff.integer(exif[0x8832]) ?? tiff.integer(exif[0x8831])
    return [high, plain].compactMap(\.self).first { $0 > 0 }
  }

  /// Whether the camera was set to Adobe RGB: DCF 2.0 says so by an interoperability index of `R03` and embeds no
  /// profile.
  static func isAdobeRGB(_ bytes: [UInt8]) -> Bool {
    guard let tiff = TIFFStructure(bytes) else { return false }
    let interoperability = tiff.directory(tiff.directory(tiff.first[0x8769])[0xA005])
    return tiff.text(interoperability[0x0001]) == "R03"
  }
}
