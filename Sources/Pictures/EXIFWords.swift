/// Texts in the first directory of an EXIF block.
///
/// Nothing in the block moves: the directory is written once more at its end, with the new texts behind it, and the
/// header points there. So whatever makers' notes count from the block's beginning stays right.
enum EXIFWords {
  /// ImageDescription, Artist and Copyright (CIPA DC-008, 4.6.4).
  static let description = 0x010E
  static let artist = 0x013B
  static let copyright = 0x8298

  /// - Parameters:
  ///   - block: a TIFF header and what follows it; `nil` for a new one.
  ///   - limit: how long the block may become. Nikon pads it to the end of its segment: then the padding gives way.
  ///   - texts: by tag. ASCII by the specification; UTF-8 is what everybody writes (Metadata Working Group 2.0, 3).
  /// - Returns: the block with them; `nil` where `block` is none, or has no room.
  static func block(_ block: [UInt8]?, with texts: [Int: String], limit: Int) -> [UInt8]? {
    var bytes = block ?? [0x4D, 0x4D, 0, 42, 0, 0, 0, 0]
    guard bytes.count >= 8, bytes.starts(with: [0x49, 0x49]) || bytes.starts(with: [0x4D, 0x4D]) else {
      return nil
    }
    let isLittleEndian = bytes[0] == 0x49
    func number(_ offset: Int, _ length: Int) -> Int? {
      guard offset >= 0, offset + length <= bytes.count else { return nil }
      return (0..<length).reduce(0) { $0 << 8 | Int(bytes[offset + (isLittleEndian ? length - 1 - $1 : $1)]) }
    }
    func encoded(_ value: Int, _ length: Int) -> [UInt8] {
      let big = (0..<length).map { UInt8(value >> (8 * (length - 1 - $0)) & 255) }
      return isLittleEndian ? big.reversed() : big
    }
    guard number(2, 2) == 42, let first = number(4, 4) else { return nil }
    var entries: [(tag: Int, bytes: [UInt8])] = []
    var next = 0
    if first != 0 {
      guard let count = number(first, 2), let following = number(first + 2 + count * 12, 4) else {
        return nil
      }
      for index in 0..<count {
        let entry = first + 2 + index * 12
        guard let tag = number(entry, 2) else { return nil }
        if texts[tag] == nil { entries.append((tag, Array(bytes[entry..<entry + 12]))) }
      }
      next = following
    }
    let needed = texts.values.reduce(6 + (entries.count + texts.count) * 12) { $0 + $1.utf8.count + 2 }
    if bytes.count + 1 + needed > limit { bytes = TIFFStructure(bytes)?.withoutPadding ?? bytes }
    if bytes.count % 2 == 1 { bytes.append(0) }
    guard bytes.count + needed <= limit else { return nil }
    let start = bytes.count
    let length = 2 + (entries.count + texts.count) * 12 + 4
    var values: [UInt8] = []
    for (tag, text) in texts.sorted(by: { $0.key < $1.key }) {
      let value = Array(text.utf8) + [0]
      var entry = encoded(tag, 2) + encoded(2, 2) + encoded(value.count, 4)
      if value.count <= 4 {
        entry += value + Array(repeating: 0, count: 4 - value.count)
      } else {
        entry += encoded(start + length + values.count, 4)
        values += value + (value.count % 2 == 1 ? [0] : [])
      }
      entries.append((tag, entry))
    }
    bytes += encoded(entries.count, 2)
    for entry in entries.sorted(by: { $0.tag < $1.tag }) { bytes += entry.bytes }
    bytes += encoded(next, 4) + values
    bytes.replaceSubrange(4..<8, with: encoded(start, 4))
    return bytes
  }
}
