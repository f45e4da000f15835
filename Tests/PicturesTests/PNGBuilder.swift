/// Writes PNG files (RFC 2083) with stored, not compressed, content.
enum PNGBuilder {
  /// - Parameter pixels: 8-bit RGBA; none for a file that only claims to be that large.
  static func rgba(width: Int, height: Int, pixels: [UInt8]) -> [UInt8] {
    let header = long(width) + long(height) + [8, 6, 0, 0, 0]
    var rows: [UInt8] = []
    for row in 0..<(pixels.isEmpty ? 0 : height) {
      rows += [0] + pixels[row * width * 4..<(row + 1) * width * 4]
    }
    precondition(rows.count < 65536)
    let stored = [0x78, 0x01, 0x01] + little(rows.count) + little(~rows.count) + rows + long(adler(rows))
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", stored)
      + chunk("IEND", [])
  }

  private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
    let checked = Array(type.utf8) + content
    return long(content.count) + checked + long(Int(crc(checked)))
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  private static func adler(_ bytes: [UInt8]) -> Int {
    var (low, high) = (1, 0)
    for byte in bytes {
      low = (low + Int(byte)) % 65521
      high = (high + low) % 65521
    }
    return high << 16 | low
  }

  private static func little(_ number: Int) -> [UInt8] { [UInt8(number & 255), UInt8(number >> 8 & 255)] }
  private static func long(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(number >> $0 & 255) } }
}
