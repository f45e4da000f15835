/// Writes PTP's primitive types, little endian (PIMA 15740:2000, clause 5.3).
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  mutating func write(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ content: [UInt8]) {
    bytes.append(contentsOf: content)
  }

  /// A string: one byte with the number of UTF-16 units that follow, the closing zero among them; an empty
  /// string is the single byte 0 (clause 5.3.4). What is longer than 254 units is cut, as no camera could
  /// send it.
  mutating func write(string text: String) {
    let units = Array(text.utf16.prefix(254))
    guard !units.isEmpty else {
      write(UInt8(0))
      return
    }
    write(UInt8(units.count + 1))
    for unit in units { write(unit) }
    write(UInt16(0))
  }

  /// An array: a 32-bit count and the elements (clause 5.3.3).
  mutating func write<Element: FixedWidthInteger>(array: [Element]) {
    write(UInt32(array.count))
    for element in array { write(element) }
  }

  /// UTF-16 units up to and with a closing zero, without a count: how PTP/IP writes friendly names
  /// (CIPA DC-005, clause 2.3.1).
  mutating func write(zeroTerminated text: String) {
    for unit in text.utf16.prefix(39) { write(unit) }
    write(UInt16(0))
  }
}
