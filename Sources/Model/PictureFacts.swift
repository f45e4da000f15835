/// What is known of a picture or clip besides its bytes: exactly what an album's page may show.
///
/// There is no location here on purpose: it never leaves the original (product.md, "privacy").
/// Every field is `nil` where the file does not say.
public struct PictureFacts: Hashable, Codable, Sendable {
  /// When the shutter opened: RFC 3339 with the camera's own zone where it is known
  /// (`2026-11-23T14:03:07.250+08:00`), without a zone where it is not (`2026-11-23T14:03:07`).
  public var capturedAt: String?
  /// Width in pixels as shown, after the orientation is applied.
  public var width: Int?
  /// Height in pixels as shown, after the orientation is applied.
  public var height: Int?
  /// Maker and model, `Canon EOS R5`.
  public var camera: String?
  /// The lens's name, `RF24-70mm F2.8 L IS USM`.
  public var lens: String?
  /// Exposure time as photographers write it: `1/250 s`, `2 s`.
  public var exposureTime: String?
  /// Aperture as photographers write it: `f/2.8`.
  public var aperture: String?
  /// ISO sensitivity.
  public var iso: Int?
  /// Focal length in millimetres, not converted to 35 mm.
  public var focalLength: Double?
  /// Stars, 0 to 5 (`xmp:Rating`).
  public var rating: Int?

  enum CodingKeys: String, CodingKey {
    case capturedAt = "captured_at"
    case width, height, camera, lens
    case exposureTime = "exposure_time"
    case aperture, iso
    case focalLength = "focal_length"
    case rating
  }

  public init(
    capturedAt: String? = nil, width: Int? = nil, height: Int? = nil, camera: String? = nil,
    lens: String? = nil, exposureTime: String? = nil, aperture: String? = nil, iso: Int? = nil,
    focalLength: Double? = nil, rating: Int? = nil
  ) {
    self.capturedAt = capturedAt
    self.width = width
    self.height = height
    self.camera = camera
    self.lens = lens
    self.exposureTime = exposureTime
    self.aperture = aperture
    self.iso = iso
    self.focalLength = focalLength
    self.rating = rating
  }
}

extension PictureFacts {
  /// These facts where they are known, the other's where they are not.
  public func filled(from other: PictureFacts) -> PictureFacts {
    PictureFacts(
      capturedAt: capturedAt ?? other.capturedAt, width: width ?? other.width, height: height ?? other.height,
      camera: camera ?? other.camera, lens: lens ?? other.lens,
      exposureTime: exposureTime ?? other.exposureTime, aperture: aperture ?? other.aperture,
      iso: iso ?? other.iso, focalLength: focalLength ?? other.focalLength, rating: rating ?? other.rating)
  }
}
