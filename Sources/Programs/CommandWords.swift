/// A command in one text, split into words as a shell would, and nothing else that a shell does.
public enum CommandWords {
  /// Why a text is no command.
  public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
    case empty
    case openQuote
    /// A character that would mean something to a shell.
    case shell(Character)

    public var description: String {
      switch self {
      case .empty: "there is no program in it"
      case .openQuote: "a quotation mark is not closed"
      case .shell(let character):
        "\(character) has a meaning to a shell only, and none is used: quote it, or ask for one with sh -c '…'"
      }
    }
  }

  /// Splits at white space, outside of `'…'`, `"…"` and after `\`.
  ///
  /// What only a shell could do is refused where it is not quoted, so that nobody believes in a pipe that is none.
  /// - Throws: `Fault`.
  public static func split(_ text: String) throws(Fault) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
      if isEscaped {
        // In double quotes a backslash is special before a few characters only.
        if quote == "\"", character != "\"", character != "\\" { word = (word ?? "") + "\\" }
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else if "|&;<>`$".contains(character) {
        throw .shell(character)
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil, !isEscaped else { throw .openQuote }
    if let word { words.append(word) }
    guard words.first?.isEmpty == false else { throw .empty }
    return words
  }
}
