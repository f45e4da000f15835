import CQREncode

/// A QR code for a terminal, two modules to a character.
enum QRCode {
  /// Modules of the quiet zone on each side.
  private static let quiet = 2

  /// How many columns a text's code takes; 0 if it is too long for one.
  static func width(of text: String) -> Int {
    guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return 0 }
    defer { QRcode_free(code) }
    return Int(code.pointee.width) + 2 * quiet
  }

  /// The code's lines, with the quiet zone that scanners need; `nil` if the text is too long for one.
  ///
  /// Drawn dark on light whatever the terminal's colours are, since many scanners read no inverted code.
  static func lines(for text: String, hasColours: Bool) -> [String]? {
    guard let code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L) else { return nil }
    defer { QRcode_free(code) }
    let width = Int(code.pointee.width)
    guard let modules = code.pointee.data else { return nil }
    func isDark(_ x: Int, _ y: Int) -> Bool {
      guard (0..<width).contains(x), (0..<width).contains(y) else { return false }
      return modules[y * width + x] & 1 == 1
    }
    return stride(from: -quiet, to: width + quiet, by: 2).map { y in
      let row = (-quiet..<width + quiet).map { x in
        switch (isDark(x, y), isDark(x, y + 1)) {
        // Without colours the light modules are the ones that are drawn: most terminals are dark.
        case (true, true): " "
        case (true, false): "▄"
        case (false, true): "▀"
        case (false, false): "█"
        }
      }.joined()
      return hasColours ? "\u{1b}[38;5;231;48;5;16m\(row)\u{1b}[0m" : row
    }
  }
}
