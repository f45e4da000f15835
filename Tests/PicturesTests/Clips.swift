/// A clip's boxes without any film in them.
enum Clips {
  /// 1920 by 1080 pixels, turned by a quarter as a phone held upright does.
  static let turned: [UInt8] = {
    let created = 2_082_844_800 + 1_795_413_787  // 2026-11-23T06:03:07Z
    let movieHeader = long(0) + long(created) + [UInt8](repeating: 0, count: 92)
    let matrix = [0, 0x10000, 0, 0xFFFF_0000, 0, 0, 0, 0, 0x4000_0000].flatMap(long)
    let trackHeader = [UInt8](repeating: 0, count: 40) + matrix + long(1920 << 16) + long(1080 << 16)
    let soundHeader = [UInt8](repeating: 0, count: 84)
    let movie =
      box("mvhd", movieHeader) + box("trak", box("tkhd", soundHeader)) + box("trak", box("tkhd", trackHeader))
    return box("ftyp", Array("mp42".utf8) + long(0)) + box("mdat", [1, 2, 3]) + box("moov", movie)
  }()

  private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
    long(8 + content.count) + Array(type.utf8) + content
  }

  private static func long(_ number: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(number >> $0 & 255) } }
}
