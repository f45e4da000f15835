/// EXIF's way to write a moment, and RFC 3339's.
enum CaptureTime {
  /// - Parameters:
  ///   - date: `2026:11:23 14:03:07`.
  ///   - subseconds: the digits after the decimal point, as many as the camera likes.
  ///   - zone: `+08:00` or `Z`.
  /// - Returns: `2026-11-23T14:03:07.250+08:00`: the fraction with three digits and only where there is one, the
  ///   zone only where it is known; `nil` when the date is none, such as the zeros of a clock that was never set.
  static func text(date: String?, subseconds: String?, zone: String?) -> String? {
    guard let date else { return nil }
    let fields = date.split { $0 == ":" || $0 == " " || $0 == "-" || $0 == "T" }
    guard fields.count >= 6 else { return nil }
    let numbers = fields.prefix(6).map(number)
    let ranges = [1...9999, 1...12, 1...31, 0...23, 0...59, 0...60]
    var values: [Int] = []
    for (number, range) in zip(numbers, ranges) {
      guard let number, range.contains(number) else { return nil }
      values.append(number)
    }
    let text =
      "\(padded(values[0], 4))-\(padded(values[1], 2))-\(padded(values[2], 2))"
      + "T\(padded(values[3], 2)):\(padded(values[4], 2)):\(padded(values[5], 2))"
    return text + fraction(subseconds) + offset(zone)
  }

  private static func fraction(_ text: String?) -> String {
    guard let digits = text?.prefix(while: { $0.isASCII && $0.isNumber }), !digits.isEmpty else { return "" }
    return "." + digits.prefix(3) + String(repeating: "0", count: max(0, 3 - digits.count))
  }

  private static func offset(_ text: String?) -> String {
    guard let text else { return "" }
    if text == "Z" { return "Z" }
    let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    guard text.hasPrefix("+") || text.hasPrefix("-"), parts.count == 2,
      parts.allSatisfy({ $0.utf8.count == 2 }),
      let hours = number(parts[0]), let minutes = number(parts[1]), hours <= 14, minutes <= 59
    else { return "" }
    return text
  }

  /// Digits and nothing else: `Int` would take a sign.
  private static func number(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
  }

  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
