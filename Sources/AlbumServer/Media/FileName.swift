/// A file name as an upload gives it: only ever shown, never a path on this machine.
enum FileName {
  /// The last part of what was given, without control characters and no longer than 255 bytes; `nil` if nothing is left.
  static func clean(_ text: String?) -> String? {
    guard let last = text?.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last else { return nil }
    var name = ""
    for scalar in last.unicodeScalars where !isHidden(scalar) {
      guard name.utf8.count + UTF8.width(scalar) <= 255 else { break }
      name.unicodeScalars.append(scalar)
    }
    return name.isEmpty || name == "." || name == ".." ? nil : name
  }

  /// Control characters, and those that turn the direction of text (they make `gpj.exe` look like `exe.jpg`).
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
    case .format: scalar.properties.isBidiControl
    default: false
    }
  }

  /// `Content-Disposition` for saving under a name (RFC 6266, with RFC 8187's form for what is not ASCII).
  static func disposition(saving name: String) -> String {
    let plain = String(
      name.unicodeScalars.map { scalar in
        scalar.isASCII && scalar.value >= 0x20 && scalar != "\"" && scalar != "\\" && scalar != "%"
          ? Character(scalar) : "_"
      })
    var encoded = ""
    for byte in name.utf8 {
      if isAttributeCharacter(byte) {
        encoded.append(Character(Unicode.Scalar(byte)))
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        encoded += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
  }

  /// RFC 8187, section 3.2.1, attr-char.
  private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$&+-.^_`|~".utf8.contains(byte)
    }
  }
}
