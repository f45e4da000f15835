/// Finding text in bytes that may be anything.
enum ByteSearch {
  /// The offset of the first occurrence of an ASCII text at or after `start`.
  static func first(_ text: StaticString, in bytes: [UInt8], from start: Int = 0) -> Int? {
    text.withUTF8Buffer { wanted in
      guard let initial = wanted.first, start >= 0, bytes.count >= wanted.count else { return nil }
      return bytes.withUnsafeBufferPointer { bytes in
        var offset = start
        while offset <= bytes.count - wanted.count {
          if bytes[offset] == initial, bytes[offset..<offset + wanted.count].elementsEqual(wanted) {
            return offset
          }
          offset += 1
        }
        return nil
      }
    }
  }
}
