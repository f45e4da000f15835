/// Texts from files are hostile until they are cleaned: they end up in terminals, logs, JSON and pages.
enum CleanText {
  /// One line of text: everything that is no visible character or space is dropped, runs of white space become
  /// one space, and what is longer than `limit` Unicode scalars is cut. `nil` when nothing is left.
  ///
  /// Format characters go too: the bidirectional overrides among them can make a text read as another.
  static func line(_ text: some StringProtocol, limit: Int = 200) -> String? {
    var kept = String.UnicodeScalarView()
    var space = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        space = true
        continue
      }
      switch scalar.properties.generalCategory {
      case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
        continue
      default: break
      }
      guard kept.count < limit else { break }
      if space, !kept.isEmpty { kept.append(" ") }
      space = false
      kept.append(scalar)
    }
    return kept.isEmpty ? nil : String(kept)
  }

  /// The text in bytes that should be ASCII or UTF-8 and end at the first NUL; what is neither is repaired.
  static func line(bytes: some Sequence<UInt8>, limit: Int = 200) -> String? {
    // A scalar has four bytes at most, and dropped ones count too: ten times the limit is enough to look at.
    let text = Array(bytes.prefix { $0 != 0 }.prefix(limit * 10))
    return line(String(decoding: text, as: UTF8.self), limit: limit)
  }
}
