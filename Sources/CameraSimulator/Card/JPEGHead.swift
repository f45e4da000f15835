/// What a camera needs to know of a JPEG: its size, and the thumbnail that EXIF holds.
///
/// Segments by ITU T.81, annex B; EXIF by CIPA DC-008, clauses 4.5 and 4.6.
struct JPEGHead: Sendable, Hashable {
  /// In pixels; 0 where the bytes are no JPEG.
  var width = 0
  var height = 0
  /// The JPEG thumbnail of EXIF's first IFD; empty where there is none.
  var thumbnail: [UInt8] = []

  /// How many bytes of a file are enough: EXIF is at most 64 KiB, maker notes and colour profiles come on top.
  static let length = 256 * 1024

  init() {}

  /// Reads the segments in front of the picture itself.
  init(_ bytes: [UInt8]) {
    guard bytes.count > 4, bytes[0] == 0xFF, bytes[1] == 0xD8 else { return }
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let body = position + 4..<min(position + 2 + length, bytes.count)
      guard length >= 2, position + 4 <= body.upperBound else { return }
      switch marker {
      case 0xE1 where bytes[body].starts(with: Array("Exif\0\0".utf8)):
        thumbnail = Self.thumbnail(inTIFF: Array(bytes[body].dropFirst(6))) ?? []
      case 0xC0, 0xC1, 0xC2:
        guard body.count >= 5 else { return }
        height = Int(bytes[body.lowerBound + 1]) << 8 | Int(bytes[body.lowerBound + 2])
        width = Int(bytes[body.lowerBound + 3]) << 8 | Int(bytes[body.lowerBound + 4])
        return
      case 0xDA, 0xD9:
        return
      default:
        break
      }
      position += 2 + length
    }
  }

  /// The bytes that IFD1's tags 0x0201 (offset) and 0x0202 (length) point at.
  private static func thumbnail(inTIFF tiff: [UInt8]) -> [UInt8]? {
    guard tiff.count > 8 else { return nil }
    let isLittle = tiff[0] == UInt8(ascii: "I")
    func number(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset + size <= tiff.count else { return nil }
      let field = tiff[offset..<offset + size]
      return (isLittle ? Array(field.reversed()) : Array(field)).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let first = number(4, 4), let entries = number(first, 2),
      let second = number(first + 2 + entries * 12, 4), second > 0, let count = number(second, 2)
    else { return nil }
    var offset: Int?
    var length: Int?
    for entry in 0..<count {
      let start = second + 2 + entry * 12
      switch number(start, 2) {
      case 0x0201: offset = number(start + 8, 4)
      case 0x0202: length = number(start + 8, 4)
      default: break
      }
    }
    guard let offset, let length, length > 0, offset + length <= tiff.count else { return nil }
    return Array(tiff[offset..<offset + length])
  }
}
