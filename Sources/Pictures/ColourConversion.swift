import CVips

/// Any picture's colours to 8-bit sRGB with three bands.
enum ColourConversion {
  /// By the embedded profile where there is one; libvips has a stand-in for CMYK without one.
  static func toSRGB(_ picture: VipsPicture) throws(PictureError) -> VipsPicture {
    let isCMYK = picture.interpretation == VIPS_INTERPRETATION_CMYK
    let profile = picture.blob(VIPS_META_ICC_NAME, limit: 4 << 20)
    var converted = picture
    if isCMYK || profile.map({ !isSRGB($0) }) == true {
      let fallback = isCMYK ? "cmyk" : "srgb"
      do {
        converted = try picture.then(.corrupt, "ICC profile") { cvips_icc_to_srgb($0, fallback, $1) }
      } catch {
        // A profile that cannot be used makes wrong colours, not a missing picture.
        guard !isCMYK else { throw error }
      }
    }
    if converted.interpretation != VIPS_INTERPRETATION_sRGB || converted.bands != 3 {
      converted = try converted.then(.corrupt, "sRGB") { cvips_colourspace_srgb($0, $1) }
    }
    if converted.format != VIPS_FORMAT_UCHAR {
      converted = try converted.then(.corrupt, "8 bits") { cvips_cast_uchar($0, $1) }
    }
    guard converted.bands != 3 else { return converted }
    guard converted.bands > 3 else {
      throw PictureError(.unsupportedFormat, "\(converted.bands) colour bands")
    }
    return try converted.then(.corrupt, "bands") { cvips_extract_bands($0, 0, 3, $1) }
  }

  /// Whether a profile says that it is sRGB, as most cameras' do: converting from it would change nothing and
  /// take a fifth of the whole time. The profile's description is Latin or UTF-16 text (ICC.1, "desc", "mluc").
  static func isSRGB(_ profile: [UInt8]) -> Bool {
    let description = profile.lazy.filter { $0 != 0 }
    return ByteSearch.first("sRGB IEC61966", in: Array(description.prefix(20_000))) != nil
  }
}
