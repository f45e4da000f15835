/// The media type of a file by its name's extension.
public enum MediaType {
  /// The type for a file name; `application/octet-stream` where the extension says nothing.
  public static func forFile(named name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return unknown }
    return byExtension[name[name.index(after: dot)...].lowercased()] ?? unknown
  }

  /// Whether a file of this name is a picture or clip that an album can take.
  public static func isPictureOrClip(named name: String) -> Bool {
    forFile(named: name) != unknown
  }

  /// Whether a media type is a camera's RAW format: those of the table are the `image/x-…` ones, as libgphoto2's are.
  public static func isRaw(_ mediaType: String) -> Bool {
    mediaType.hasPrefix("image/x-")
  }

  /// A file's name for other content: with an extension that says this type, if its own does not.
  public static func name(_ name: String, for mediaType: String) -> String {
    let extensions = byExtension.filter { $0.value == mediaType }.keys
    guard forFile(named: name) != mediaType,
      let usual = extensions.min(by: { ($0.count, $0) < ($1.count, $1) })
    else { return name }
    let stem = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : name[..<$0] } ?? name[...]
    return "\(stem).\(usual)"
  }

  /// Of bytes of which nothing is known (RFC 2046, 4.5.1).
  public static let unknown = "application/octet-stream"

  private static let byExtension: [String: String] = [
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
    "tif": "image/tiff", "tiff": "image/tiff", "heic": "image/heic", "heif": "image/heif",
    "hif": "image/heif",
    "avif": "image/avif", "dng": "image/x-adobe-dng", "nef": "image/x-nikon-nef", "nrw": "image/x-nikon-nrw",
    "cr2": "image/x-canon-cr2", "cr3": "image/x-canon-cr3", "crw": "image/x-canon-crw",
    "arw": "image/x-sony-arw", "srf": "image/x-sony-srf", "sr2": "image/x-sony-sr2",
    "raf": "image/x-fuji-raf", "rw2": "image/x-panasonic-rw2", "orf": "image/x-olympus-orf",
    "pef": "image/x-pentax-pef", "srw": "image/x-samsung-srw", "x3f": "image/x-sigma-x3f",
    "3fr": "image/x-hasselblad-3fr", "iiq": "image/x-phaseone-iiq", "rwl": "image/x-leica-rwl",
    "mov": "video/quicktime", "mp4": "video/mp4", "m4v": "video/x-m4v", "avi": "video/x-msvideo",
    "mts": "video/mp2t", "m2ts": "video/mp2t",
  ]
}
