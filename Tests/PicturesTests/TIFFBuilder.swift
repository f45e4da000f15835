/// Writes TIFF directories, big-endian, for tests of EXIF and RAW files.
struct TIFFBuilder {
  enum Value {
    case text([UInt8])
    case bytes([UInt8])
    case shorts([Int])
    case longs([Int])
    case rational(Int, Int)
    /// The offset of another directory.
    case directory([UInt16: Value])
    /// The offset of bytes elsewhere in the file.
    case strip([UInt8])

    static func text(_ text: String) -> Value { .text(Array(text.utf8) + [0]) }
  }

  private var bytes: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8]

  static func file(_ first: [UInt16: Value]) -> [UInt8] {
    var builder = TIFFBuilder()
    builder.append(first)
    return builder.bytes
  }

  /// Appends a directory, and after it what does not fit into its fields.
  private mutating func append(_ directory: [UInt16: Value]) {
    let start = bytes.count
    let fields = directory.sorted { $0.key < $1.key }
    bytes += short(fields.count) + [UInt8](repeating: 0, count: fields.count * 12 + 4)
    for (index, (tag, value)) in fields.enumerated() {
      let (type, count, content) = encoded(value)
      let inline =
        content.count <= 4 ? content + [UInt8](repeating: 0, count: 4 - content.count) : long(bytes.count)
      if content.count > 4 { bytes += content }
      if bytes.count % 2 == 1 { bytes.append(0) }
      let entry = start + 2 + index * 12
      bytes.replaceSubrange(entry..<entry + 12, with: short(Int(tag)) + short(type) + long(count) + inline)
    }
  }

  private mutating func encoded(_ value: Value) -> (type: Int, count: Int, content: [UInt8]) {
    switch value {
    case .text(let text): return (2, text.count, text)
    case .bytes(let bytes): return (1, bytes.count, bytes)
    case .shorts(let numbers): return (3, numbers.count, numbers.flatMap(short))
    case .longs(let numbers): return (4, numbers.count, numbers.flatMap(long))
    case .rational(let numerator, let denominator): return (5, 1, long(numerator) + long(denominator))
    case .directory(let directory):
      let offset = bytes.count
      append(directory)
      return (4, 1, long(offset))
    case .strip(let strip):
      let offset = bytes.count
      bytes += strip + (strip.count % 2 == 1 ? [0] : [])
      return (4, 1, long(offset))
    }
  }

  private func short(_ number: Int) -> [UInt8] { [UInt8(number >> 8 & 255), UInt8(number & 255)] }
  private func long(_ number: Int) -> [UInt8] { short(number >> 16) + short(number & 0xFFFF) }
}
