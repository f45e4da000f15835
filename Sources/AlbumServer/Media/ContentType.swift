import Model

/// What published bytes are served as. Only types of the list ever leave the server: nothing that was uploaded can be
/// taken for a page or a script.
struct ContentType: Hashable, Sendable {
  let mediaType: String
  /// Without the dot.
  let fileExtension: String

  /// Bytes at a file's start that are enough to tell its type.
  static let headLength = 64

  /// - Parameters:
  ///   - head: the file's first bytes.
  ///   - name: its name; RAW formats mostly begin as TIFF files do, so that only the name tells them apart.
  init(head: [UInt8], name: String?) {
    let named = name.map { MediaType.forFile(named: $0) } ?? MediaType.unknown
    let nameExtension = name?.split(separator: ".").last.map { $0.lowercased() } ?? ""
    let seen = Self.signature(head)
    if let seen, let fileExtension = Self.extensions[seen] {
      mediaType = seen
      self.fileExtension = fileExtension
    } else if named != MediaType.unknown, Self.extensions[named] == nil {
      mediaType = named
      fileExtension = nameExtension
    } else {
      // Also where the name promises a type whose signature is not there.
      mediaType = seen ?? MediaType.unknown
      fileExtension = seen == nil ? "bin" : "tif"
    }
  }

  /// Whether every browser of today shows it in an `img`.
  var isRendition: Bool {
    ["image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"].contains(mediaType)
  }

  /// The types that are told by their signature, with the extension each is served under.
  private static let extensions = [
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/avif": "avif",
    "image/heic": "heic", "image/heif": "heif", "image/x-canon-cr3": "cr3", "video/mp4": "mp4",
    "video/quicktime": "mov", "image/x-fuji-raf": "raf",
  ]

  private static func signature(_ head: [UInt8]) -> String? {
    func has(_ text: String, at offset: Int) -> Bool {
      head.dropFirst(offset).starts(with: text.utf8)
    }
    if head.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
    if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
    if has("GIF87a", at: 0) || has("GIF89a", at: 0) { return "image/gif" }
    if has("RIFF", at: 0), has("WEBP", at: 8) { return "image/webp" }
    if has("FUJIFILMCCD-RAW", at: 0) { return "image/x-fuji-raf" }
    if head.starts(with: [0x49, 0x49, 0x2A, 0x00]) || head.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) {
      return "image/tiff"
    }
    // ISO base media files: a box of type ftyp with the brand after it (ISO/IEC 14496-12, section 4.3).
    guard has("ftyp", at: 4) else { return nil }
    switch String(decoding: head.dropFirst(8).prefix(4), as: UTF8.self) {
    case "avif", "avis": return "image/avif"
    case "heic", "heix", "hevc", "hevx": return "image/heic"
    case "mif1", "msf1": return "image/heif"
    case "crx ": return "image/x-canon-cr3"
    case "qt  ": return "video/quicktime"
    default: return "video/mp4"
    }
  }
}
