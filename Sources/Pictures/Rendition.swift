public import Model

/// A small picture made from an original: what guests see first.
///
/// A JPEG in sRGB, upright, without any metadata of the original's: no EXIF, no XMP, no profile, and so never a location.
/// What a photographer wants to be written into it (`Finish`) is all that it may have.
public struct Rendition: Hashable, Sendable {
  /// `.thumbnail` or `.preview`.
  public let kind: AssetKind
  /// The JPEG.
  public let bytes: [UInt8]
  /// Pixels; the longer one is at most `kind.longEdge`, and never more than the original has.
  public let width: Int
  public let height: Int

  /// Always `image/jpeg`.
  public var mediaType: String { "image/jpeg" }

  /// A rendition whose JPEG was encoded at this size.
  public init(kind: AssetKind, bytes: [UInt8], width: Int, height: Int) {
    self.kind = kind
    self.bytes = bytes
    self.width = width
    self.height = height
  }
}
