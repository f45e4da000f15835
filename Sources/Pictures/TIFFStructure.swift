/// The directories of a TIFF file (TIFF 6.0, section 2), which EXIF and most RAW formats are made of.
///
/// Every offset and count comes from a file and is checked against the bytes that are there: what lies outside
/// reads as absent.
struct TIFFStructure {
  /// A field of a directory, not yet interpreted.
  struct Field: Equatable {
    let type: UInt16
    let count: Int
    /// Where its values begin.
    let offset: Int
  }

  typealias Directory = [UInt16: Field]

  private let bytes: ArraySlice<UInt8>
  private let isLittleEndian: Bool
  /// Where the first directory is.
  private var start = 0

  /// - Parameter bytes: a TIFF header and what follows it, with or without the `Exif\0\0` of a JPEG's segment.
  init?(_ bytes: [UInt8]) {
    let isExif = bytes.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0])
    self.bytes = bytes.dropFirst(isExif ? 6 : 0)
    let order = Array(self.bytes.prefix(2))
    guard order == [0x49, 0x49] || order == [0x4D, 0x4D] else { return nil }
    isLittleEndian = order[0] == 0x49
    // 42, or what Olympus ("OR", "RS") and Panasonic ("U") write in its place.
    guard let magic = unsigned(at: 2, length: 2), [42, 0x4F52, 0x5352, 0x55].contains(magic),
      let start = unsigned(at: 4, length: 4)
    else { return nil }
    self.start = start
  }

  /// The first directory.
  var first: Directory { directory(at: start) }

  /// The directory that a field of another one points at, such as EXIF's (0x8769).
  func directory(_ pointer: Field?) -> Directory {
    guard let pointer, let offset = integer(pointer) else { return [:] }
    return directory(at: offset)
  }

  private func directory(at offset: Int) -> Directory {
    guard let count = unsigned(at: offset, length: 2) else { return [:] }
    var fields: Directory = [:]
    // No directory of a camera has as many; a hostile count must not cost time.
    for index in 0..<min(count, 1000) {
      let entry = offset + 2 + index * 12
      guard let tag = unsigned(at: entry, length: 2), let type = unsigned(at: entry + 2, length: 2),
        let count = unsigned(at: entry + 4, length: 4), let value = unsigned(at: entry + 8, length: 4)
      else { break }
      guard let size = Self.sizes[type] else { continue }
      let inline = count * size <= 4
      let field = Field(type: UInt16(type), count: count, offset: inline ? entry + 8 : value)
      // Of two fields with one tag the first counts, as in libexif.
      if fields[UInt16(tag)] == nil { fields[UInt16(tag)] = field }
    }
    return fields
  }

  /// Bytes of one value by field type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG,
  /// SRATIONAL, and EXIF 3.0's UTF-8.
  private static let sizes: [Int: Int] = [
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 129: 1,
  ]

  /// The bytes without the zeros at their end, as far as no field of a directory has any of them.
  var withoutPadding: [UInt8] {
    var used = 8
    func count(_ pointer: Int?, _ pointers: [UInt16]) {
      guard let pointer, let number = unsigned(at: pointer, length: 2) else { return }
      let fields = directory(at: pointer)
      used = max(used, pointer + 6 + number * 12)
      for field in fields.values {
        used = max(used, field.offset + field.count * (Self.sizes[Int(field.type)] ?? 1))
      }
      if let thumbnail = integer(fields[0x0201]), let length = integer(fields[0x0202]) {
        used = max(used, thumbnail + length)
      }
      for tag in pointers { count(integer(fields[tag]), [0xA005]) }
    }
    // The picture's directory and the thumbnail's; in them EXIF's, the location's, and that of interoperability.
    count(start, [0x8769, 0x8825])
    if let number = unsigned(at: start, length: 2) {
      count(unsigned(at: start + 2 + number * 12, length: 4), [])
    }
    let content = Array(bytes)
    let end = (content.lastIndex { $0 != 0 } ?? 0) + 1
    return Array(content.prefix(max(used, end)))
  }

  // MARK: Values

  /// A text, cleaned; `nil` for fields of other types.
  func text(_ field: Field?) -> String? {
    guard let field, field.type == 2 || field.type == 129 || field.type == 7 else { return nil }
    return CleanText.line(bytes: content(of: field, limit: 4000))
  }

  /// The first value as an unsigned integer.
  func integer(_ field: Field?) -> Int? {
    guard let field, field.count > 0 else { return nil }
    return switch field.type {
    case 1, 7: unsigned(at: field.offset, length: 1)
    case 3: unsigned(at: field.offset, length: 2)
    case 4: unsigned(at: field.offset, length: 4)
    default: nil
    }
  }

  /// The first value as a positive rational number; `nil` also for 0 and for a division by 0.
  func positive(_ field: Field?) -> Double? {
    guard let field, field.count > 0, field.type == 5 || field.type == 10,
      let numerator = unsigned(at: field.offset, length: 4),
      let denominator = unsigned(at: field.offset + 4, length: 4),
      numerator > 0, denominator > 0
    else { return nil }
    // A negative SRATIONAL would read as an enormous one.
    if field.type == 10, numerator >> 31 != 0 || denominator >> 31 != 0 { return nil }
    return Double(numerator) / Double(denominator)
  }

  /// A field's bytes, as many as are there, at most `limit`.
  func content(of field: Field?, limit: Int) -> ArraySlice<UInt8> {
    guard let field, let size = Self.sizes[Int(field.type)] else { return [] }
    return bytes.dropFirst(field.offset).prefix(min(field.count * size, limit))
  }

  private func unsigned(at offset: Int, length: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - length else { return nil }
    let start = bytes.startIndex + offset
    var value = 0
    for index in 0..<length {
      let byte = Int(bytes[start + (isLittleEndian ? length - 1 - index : index)])
      value = value << 8 | byte
    }
    return value
  }
}
