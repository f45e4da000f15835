/// Reads PTP's primitive types, little endian (PIMA 15740:2000, clause 5.3). What is too short is `nil`.
public struct ByteReader: Sendable {
  private let bytes: [UInt8]
  private var position = 0

  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// How many bytes are left.
  var remaining: Int { bytes.count - position }

  mutating func read<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    let size = MemoryLayout<Value>.size
    guard remaining >= size else { return nil }
    var value = Value.zero
    for offset in (0..<size).reversed() {
      value =
        size == 1 ? Value(truncatingIfNeeded: bytes[position]) : value << 8 | Value(bytes[position + offset])
    }
    position += size
    return value
  }

  mutating func read(count: Int) -> [UInt8]? {
    guard count >= 0, remaining >= count else { return nil }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  /// Everything that is left.
  mutating func readRest() -> [UInt8] {
    defer { position = bytes.count }
    return Array(bytes[position...])
  }

  /// See `ByteWriter.write(string:)`.
  mutating func readString() -> String? {
    guard let count = read(UInt8.self) else { return nil }
    guard count > 0 else { return "" }
    var units: [UInt16] = []
    for _ in 0..<count {
      guard let unit = read(UInt16.self) else { return nil }
      units.append(unit)
    }
    if units.last == 0 { units.removeLast() }
    return String(decoding: units, as: UTF16.self)
  }

  /// See `ByteWriter.write(array:)`.
  mutating func readArray<Element: FixedWidthInteger>(of type: Element.Type) -> [Element]? {
    guard let count = read(UInt32.self), Int(count) * MemoryLayout<Element>.size <= remaining else {
      return nil
    }
    return (0..<count).compactMap { _ in read(Element.self) }
  }

  /// See `ByteWriter.write(zeroTerminated:)`.
  mutating func readZeroTerminated() -> String? {
    var units: [UInt16] = []
    while let unit = read(UInt16.self) {
      if unit == 0 { return String(decoding: units, as: UTF16.self) }
      units.append(unit)
    }
    return nil
  }
}
