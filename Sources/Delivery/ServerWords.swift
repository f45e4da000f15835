import Curl
import Foundation

/// What a server says in words, for a person: foreign text, of which nothing may steer a terminal.
enum ServerWords {
  /// How many characters are shown.
  private static let longest = 200

  /// A text on one line, without control characters; `nil` if nothing is left of it.
  static func line(_ text: String) -> String? {
    let words = text.split { $0.isNewline || $0.isWhitespace }.joined(separator: " ")
    let clean = words.unicodeScalars.filter { ![.control, .format].contains($0.properties.generalCategory) }
    let line = String(String(String.UnicodeScalarView(clean)).prefix(longest))
    return line.isEmpty ? nil : line
  }

  /// The document in which servers say what went wrong (RFC 9457).
  struct Problem: Decodable {
    var title: String?
    var detail: String?

    /// - Returns: `nil` if the body is none.
    init?(_ response: Response) {
      guard let problem = try? JSONDecoder().decode(Self.self, from: Data(response.body)) else { return nil }
      self = problem
    }
  }
}
