import Foundation

/// The part of an album's address that names it: readable from the album's name, with an ending that cannot be
/// guessed, since knowing it is what lets a guest in.
enum Slug {
  /// A new slug for an album of this name.
  static func make(for name: String) -> String {
    var generator = SystemRandomNumberGenerator()
    return make(for: name, using: &generator)
  }

  static func make(for name: String, using generator: inout some RandomNumberGenerator) -> String {
    // 32 signs without 0, 1, l and o, which people confuse: 13 of them are 65 bits.
    let signs = Array("23456789abcdefghijkmnpqrstuvwxyz")
    let ending = String((0..<13).compactMap { _ in signs.randomElement(using: &generator) })
    let readable = readable(name)
    return readable.isEmpty ? ending : "\(readable)-\(ending)"
  }

  /// Whether a text can be a slug at all.
  static func isPlausible(_ text: String) -> Bool {
    (1...80).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
      }
  }

  /// Lower-case ASCII letters, digits and single hyphens; other scripts as their Latin transcription.
  static func readable(_ name: String) -> String {
    let latin = name.applyingTransform(.toLatin, reverse: false) ?? name
    let plain = latin.applyingTransform(.stripDiacritics, reverse: false) ?? latin
    var words: [String] = [""]
    for character in plain.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber {
        words[words.count - 1].append(character)
      } else if words.last?.isEmpty == false, character != "'", character != "’" {
        words.append("")
      }
    }
    var readable = ""
    for word in words where !word.isEmpty {
      let longer = readable.isEmpty ? word : "\(readable)-\(word)"
      if longer.count > 40 {
        return readable.isEmpty ? String(word.prefix(40)) : readable
      }
      readable = longer
    }
    return readable
  }
}
