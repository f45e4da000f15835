/// What a picture's file is, by its content, in the words that others use.
public struct PictureKind: Hashable, Sendable {
  public let mediaType: String
  /// Without the dot.
  public let fileExtension: String

  /// - Throws: `PictureError`: `.notAPicture` for content of no known format or a clip, `.io`.
  public init(ofFile path: String) throws(PictureError) {
    let head = try PictureInput.file(path).head(PictureFormat.headLength)
    (mediaType, fileExtension) =
      switch PictureFormat(head: head) {
      case .jpeg: ("image/jpeg", "jpg")
      case .png: ("image/png", "png")
      case .webp: ("image/webp", "webp")
      case .gif: ("image/gif", "gif")
      case .heif: ("image/heic", "heic")
      case .tiff: ("image/tiff", "tif")
      case .raw, .clip, nil: throw PictureError(.notAPicture, "its content is of no format for this")
      }
  }

  /// Whether it is a JPEG, whose words and location can be rewritten in place.
  public var isJPEG: Bool { mediaType == "image/jpeg" }
}
