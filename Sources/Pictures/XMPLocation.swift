/// Location properties of an XMP packet, made blanks where they are: the packet stays well-formed and as long as it was.
enum XMPLocation {
  /// Blanks every property whose name begins with GPS, in whatever namespace and case: `exif:GPSLatitude`,
  /// `drone-dji:GpsLatitude`.
  /// - Parameter range: the packet's RDF.
  /// - Returns: `true` when there was one, `nil` when there was none, `false` when one cannot be taken out.
  static func blank(_ bytes: inout [UInt8], in range: Range<Int>) -> Bool? {
    var result: Bool?
    var offset = range.lowerBound
    while let colon = bytes[offset..<range.upperBound].firstIndex(of: UInt8(ascii: ":")) {
      offset = colon + 1
      guard offset + 3 <= range.upperBound,
        bytes[offset..<offset + 3].elementsEqual("gps".utf8, by: { $0 | 0x20 == $1 })
      else { continue }
      var start = colon
      while start > range.lowerBound, isName(bytes[start - 1]) { start -= 1 }
      let name = bytes[start..<(bytes[offset..<range.upperBound].firstIndex { !isName($0) } ?? offset)]
      let before = start > range.lowerBound ? bytes[start - 1] : 0
      let end: Int?
      if before == UInt8(ascii: "<") {
        start -= 1
        end = elementEnd(Array(name), in: bytes[name.endIndex..<range.upperBound])
      } else if isSpace(before) {
        guard isAttribute(bytes[name.endIndex..<range.upperBound]) else { continue }
        end = attributeEnd(in: bytes[name.endIndex..<range.upperBound])
      } else {
        // A word in a text.
        continue
      }
      guard let end else { return false }
      for index in start..<end { bytes[index] = UInt8(ascii: " ") }
      offset = end
      result = true
    }
    return result
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), 0x80...:
      true
    default: false
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private static func isAttribute(_ rest: ArraySlice<UInt8>) -> Bool {
    rest.first { !isSpace($0) } == UInt8(ascii: "=")
  }

  /// Behind `="…"` or `='…'`.
  private static func attributeEnd(in rest: ArraySlice<UInt8>) -> Int? {
    guard let open = rest.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }),
      let close = rest[(open + 1)...].firstIndex(of: rest[open])
    else { return nil }
    return close + 1
  }

  /// Behind `/>` of an empty element, or behind its closing tag.
  private static func elementEnd(_ name: [UInt8], in rest: ArraySlice<UInt8>) -> Int? {
    var quote: UInt8?
    var head: Int?
    for (index, byte) in zip(rest.indices, rest) {
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        head = index
        break
      }
    }
    guard let head else { return nil }
    if head > rest.startIndex, rest[head - 1] == UInt8(ascii: "/") { return head + 1 }
    let closing = Array("</".utf8) + name
    var index = head + 1
    while index + closing.count < rest.endIndex {
      if rest[index..<index + closing.count].elementsEqual(closing) {
        return rest[index...].firstIndex(of: UInt8(ascii: ">")).map { $0 + 1 }
      }
      index += 1
    }
    return nil
  }
}
