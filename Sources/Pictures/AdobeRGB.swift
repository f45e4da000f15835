/// Adobe RGB (1998) as an ICC profile, for cameras that say "Adobe RGB" in EXIF and embed no profile.
///
/// Without it their colours would look dull: the numbers would be taken for sRGB's.
enum AdobeRGB {
  /// A matrix and gamma profile by ICC.1:2001-04, section 6.3.1.2, with the primaries of Adobe's specification adapted
  /// to D50 and its gamma of 563/256.
  static let profile: [UInt8] = {
    let primaries: [(String, [UInt8])] = [
      ("wtpt", xyz(0.9642, 1, 0.8249)), ("rXYZ", xyz(0.60974, 0.31111, 0.01947)),
      ("gXYZ", xyz(0.20528, 0.62567, 0.06087)), ("bXYZ", xyz(0.14919, 0.06322, 0.74457)),
    ]
    let gamma: [UInt8] = ascii("curv") + long(0) + long(1) + [0x02, 0x33, 0, 0]
    let tags = primaries + ["rTRC", "gTRC", "bTRC"].map { ($0, gamma) }
    let tableLength = 4 + tags.count * 12
    var table = long(tags.count)
    var contents: [UInt8] = []
    for (name, content) in tags {
      table += ascii(name) + long(128 + tableLength + contents.count) + long(content.count)
      contents += content
    }
    return header(length: 128 + table.count + contents.count) + table + contents
  }()

  private static func header(length: Int) -> [UInt8] {
    let kind = ascii("mntr") + ascii("RGB ") + ascii("XYZ ")
    let before = long(length) + long(0) + [2, 0x10, 0, 0] + kind
    let made: [UInt8] = [0x07, 0xCE, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]  // 1998-01-01
    let after = ascii("acsp") + [UInt8](repeating: 0, count: 28)
    let illuminant = xyz(0.9642, 1, 0.8249).dropFirst(8)
    let used = before + made + after + illuminant
    return used + [UInt8](repeating: 0, count: 128 - used.count)
  }

  private static func xyz(_ x: Double, _ y: Double, _ z: Double) -> [UInt8] {
    ascii("XYZ ") + long(0) + [x, y, z].flatMap { long(Int(($0 * 65536).rounded())) }
  }

  private static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }

  private static func long(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
