/// What a file is by its first bytes: names and extensions are not believed.
enum PictureFormat: Equatable, Sendable {
  case jpeg, png, webp, gif, heif
  /// TIFF's structure: a TIFF picture or one of the many RAW formats built on it.
  case tiff
  /// A RAW format with a signature of its own.
  case raw
  /// A clip: ISO base media or QuickTime.
  case clip

  /// How many bytes of a file `init(head:)` wants to see.
  static let headLength = 64

  /// `nil` for everything that is not on this list; libvips could open more, but none of it comes from cameras.
  init?(head: [UInt8]) {
    func has(_ text: StaticString, at offset: Int = 0) -> Bool {
      text.withUTF8Buffer {
        head.count >= offset + $0.count && head[offset..<offset + $0.count].elementsEqual($0)
      }
    }
    if head.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if has("RIFF"), has("WEBP", at: 8) {
      self = .webp
    } else if has("GIF87a") || has("GIF89a") {
      self = .gif
    } else if has("ftyp", at: 4) {
      self.init(brand: head.dropFirst(8).prefix(4))
    } else if has("moov", at: 4) || has("mdat", at: 4) || has("wide", at: 4) || has("free", at: 4)
      || has("skip", at: 4) || has("pnot", at: 4)
    {
      // QuickTime from before `ftyp`: Nikon and Canon wrote such clips.
      self = .clip
    } else if head.starts(with: [0x49, 0x49, 0x2A, 0x00]) || head.starts(with: [0x4D, 0x4D, 0x00, 0x2A]) {
      self = .tiff
    } else if has("FUJIFILMCCD-RAW") || has("FOVb") || has("HEAPCCDR", at: 6)  // Fuji, Sigma, Canon CRW
      || has("IIRO") || has("IIRS") || has("MMOR")  // Olympus ORF
      || head.starts(with: [0x49, 0x49, 0x55, 0x00])  // Panasonic RW2
      || has("\u{0}MRM")  // Minolta
    {
      self = .raw
    } else {
      return nil
    }
  }

  /// By the major brand of ISO/IEC 14496-12's file type box.
  private init(brand: ArraySlice<UInt8>) {
    switch String(decoding: brand, as: UTF8.self) {
    case "heic", "heix", "heim", "heis", "mif1", "msf1", "hevc", "hevx", "avif", "avis": self = .heif
    case "crx ": self = .raw
    default: self = .clip
    }
  }
}
