/// The GPS directories of one EXIF block, and how they are emptied where they are.
///
/// Every offset comes from a file: what lies outside of it is left alone.
struct EXIFLocation {
  private(set) var bytes: [UInt8]
  private let base: Int
  private let isLittleEndian: Bool
  private var isChanged = false

  /// EXIF's pointer to the GPS directory (CIPA DC-008, 4.6.3).
  private static let gpsPointer = 0x8825
  private static let exifPointer = 0x8769
  private static let entryLength = 12

  /// - Parameter base: where its TIFF header is.
  init?(_ bytes: [UInt8], at base: Int) {
    guard base + 8 <= bytes.count else { return nil }
    switch (bytes[base], bytes[base + 1]) {
    case (0x49, 0x49): isLittleEndian = true
    case (0x4D, 0x4D): isLittleEndian = false
    default: return nil
    }
    self.bytes = bytes
    self.base = base
    guard number(at: 2, length: 2) == 42 else { return nil }
  }

  /// - Returns: whether there was a location.
  mutating func remove() -> Bool {
    var next = number(at: 4, length: 4)
    // The picture's directory, the thumbnail's, and no more than a hostile file deserves.
    for _ in 0..<8 {
      guard let directory = next, directory != 0 else { break }
      if let exif = pointer(Self.exifPointer, in: directory) { unlink(in: exif) }
      unlink(in: directory)
      guard let count = number(at: directory, length: 2) else { break }
      next = number(at: directory + 2 + count * Self.entryLength, length: 4)
    }
    return isChanged
  }

  private func entry(_ tag: Int, in directory: Int) -> Int? {
    guard let count = number(at: directory, length: 2) else { return nil }
    return (0..<min(count, 1000)).map { directory + 2 + $0 * Self.entryLength }
      .first { number(at: $0, length: 2) == tag }
  }

  private func pointer(_ tag: Int, in directory: Int) -> Int? {
    entry(tag, in: directory).flatMap { number(at: $0 + 8, length: 4) }
  }

  /// Takes the pointer to the GPS directory out of another one, as often as it is there, and empties what it pointed at.
  private mutating func unlink(in directory: Int) {
    while let entry = entry(Self.gpsPointer, in: directory),
      let count = number(at: directory, length: 2), count > 0
    {
      if let gps = number(at: entry + 8, length: 4) { empty(gps) }
      // The entries after it move up, and so does the pointer to the next directory behind them.
      let end = directory + 2 + count * Self.entryLength + 4
      guard end <= bytes.count - base else {
        fill(entry, Self.entryLength)
        return
      }
      for offset in entry..<(end - Self.entryLength) {
        bytes[base + offset] = bytes[base + offset + Self.entryLength]
      }
      fill(end - Self.entryLength, Self.entryLength)
      set(count - 1, at: directory)
      isChanged = true
    }
  }

  private mutating func empty(_ directory: Int) {
    guard let count = number(at: directory, length: 2) else { return }
    isChanged = true
    for index in 0..<min(count, 200) {
      let entry = directory + 2 + index * Self.entryLength
      guard let type = number(at: entry + 2, length: 2), let values = number(at: entry + 4, length: 4)
      else { break }
      let length = values * (Self.sizes[type] ?? 1)
      // No value of a location is longer; a hostile one must not empty the rest of the file.
      if length > 4, length <= 4096, let place = number(at: entry + 8, length: 4) { fill(place, length) }
      fill(entry, Self.entryLength)
    }
    set(0, at: directory)
  }

  private static let sizes: [Int: Int] = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 8: 2, 9: 4, 10: 8]

  private mutating func fill(_ offset: Int, _ length: Int) {
    for index in max(0, offset)..<max(0, offset + length) where base + index < bytes.count {
      bytes[base + index] = 0
    }
  }

  private mutating func set(_ number: Int, at offset: Int) {
    let (high, low) = (UInt8(number >> 8 & 255), UInt8(number & 255))
    bytes[base + offset] = isLittleEndian ? low : high
    bytes[base + offset + 1] = isLittleEndian ? high : low
  }

  private func number(at offset: Int, length: Int) -> Int? {
    guard offset >= 0, base + offset + length <= bytes.count else { return nil }
    return (0..<length).reduce(0) { value, index in
      value << 8 | Int(bytes[base + offset + (isLittleEndian ? length - 1 - index : index)])
    }
  }
}
