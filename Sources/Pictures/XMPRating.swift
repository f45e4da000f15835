/// The stars in an XMP packet.
///
/// XMP is XML, but a rating is one number in one of two forms, so the packet is searched, not parsed: no entity
/// is expanded and nothing nested is followed.
enum XMPRating {
  /// `xmp:Rating="4"` or `<xmp:Rating>4</xmp:Rating>`, also with the old prefix `xap`; 0 to 5. `nil` where there
  /// is none, and for -1, which means "rejected" and is no number of stars.
  ///
  /// `MicrosoftPhoto:Rating` is another thing: a percentage.
  static func find(in packet: [UInt8]) -> Int? {
    for name: StaticString in ["xmp:Rating", "xap:Rating"] {
      var start = 0
      while let found = ByteSearch.first(name, in: packet, from: start) {
        start = found + name.utf8CodeUnitCount
        if let rating = value(in: packet.dropFirst(start).prefix(40)) { return rating }
      }
    }
    return nil
  }

  private static func value(in bytes: ArraySlice<UInt8>) -> Int? {
    var rest = bytes.drop(while: isSpace)
    switch rest.first {
    case UInt8(ascii: "="):
      rest = rest.dropFirst().drop(while: isSpace)
      guard rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "'") else { return nil }
    case UInt8(ascii: ">"): break
    default: return nil
    }
    // The rating is a real number in XMP's specification: 3.5 counts as 3.
    let digits = rest.dropFirst().drop(while: isSpace).prefix { (0x30...0x39).contains($0) }
    guard digits.count == 1, let digit = digits.first, digit <= UInt8(ascii: "5") else { return nil }
    return Int(digit - UInt8(ascii: "0"))
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }
}
