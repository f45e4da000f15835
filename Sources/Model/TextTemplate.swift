public import Foundation

/// A text with places for what is known of a frame: `© {year} Anna Müller`, `{album} {number}`.
public struct TextTemplate: Hashable, Sendable {
  /// What a template may name.
  public enum Place: String, CaseIterable, Sendable {
    /// The file's name, `IMG_0042.JPG`.
    case name
    /// The same without its extension.
    case stem
    /// The digits at the end of the stem, `0042`.
    case number
    /// Maker and model.
    case camera
    case lens
    /// The album that is named first.
    case album
    /// When it was taken: `2026-11-23`, or with a format of its own, `{date:yyyy-MM-dd HH:mm}`.
    case date
    case time
    case year
  }

  private enum Part: Hashable, Sendable {
    case text(String)
    case place(Place, format: String?)
  }

  /// Why a text is no template.
  public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  private let parts: [Part]

  /// - Parameter text: `{place}` and `{date:FORMAT}` are filled in; `{{` and `}}` are braces.
  /// - Throws: `ParseError` for a place that there is not.
  public init(parsing text: String) throws(ParseError) {
    var parts: [Part] = []
    var plain = ""
    var rest = text[...]
    while let character = rest.popFirst() {
      if character == "{" || character == "}", rest.first == character {
        plain.append(character)
        rest.removeFirst()
      } else if character == "{" {
        guard let end = rest.firstIndex(of: "}") else {
          throw ParseError(description: "{ is not closed; a brace is written {{.")
        }
        let words = rest[..<end].split(separator: ":", maxSplits: 1).map(String.init)
        guard let place = words.first.flatMap(Place.init(rawValue:)), words.count == 1 || place == .date
        else {
          let known = Place.allCases.map { "{\($0.rawValue)}" }.joined(separator: " ")
          throw ParseError(description: "{\(rest[..<end])} is none of \(known) {date:FORMAT}.")
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        plain = ""
        parts.append(.place(place, format: words.count == 2 ? words[1] : nil))
        rest = rest[rest.index(after: end)...]
      } else {
        plain.append(character)
      }
    }
    if !plain.isEmpty { parts.append(.text(plain)) }
    self.parts = parts
  }

  /// The text for a frame; `nil` where nothing is left of it. What is not known is left out.
  /// - Parameters:
  ///   - name: the original's file name.
  ///   - fallback: when it was taken, for a picture that does not say.
  public func text(name: String, facts: PictureFacts?, album: String?, fallback: Date) -> String? {
    // RFC 3339, with or without a zone: the camera's own clock is what counts.
    let taken = facts?.capturedAt ?? fallback.formatted(.iso8601)
    let stem = name.lastIndex(of: ".").flatMap { $0 == name.startIndex ? nil : String(name[..<$0]) } ?? name
    let filled = parts.map { part -> String in
      switch part {
      case .text(let text): text
      case .place(let place, let format):
        switch place {
        case .name: name
        case .stem: stem
        case .number: String(stem.reversed().prefix { $0.isASCII && $0.isNumber }.reversed())
        case .camera: facts?.camera ?? ""
        case .lens: facts?.lens ?? ""
        case .album: album ?? ""
        case .date: Self.date(taken, format ?? "yyyy-MM-dd")
        case .time: Self.date(taken, "HH:mm")
        case .year: Self.date(taken, "yyyy")
        }
      }
    }.joined()
    let visible = filled.unicodeScalars.filter { $0.properties.generalCategory != .control }
    let text = String(String.UnicodeScalarView(visible)).trimmingCharacters(in: .whitespaces)
    return text.isEmpty ? nil : text
  }

  /// `2026-11-23T14:03:07…` in another form. The letters are Unicode's (TR 35): yyyy, MM, dd, HH, mm, ss.
  private static func date(_ taken: String, _ format: String) -> String {
    let fields = ["yyyy": 0..<4, "MM": 5..<7, "dd": 8..<10, "HH": 11..<13, "mm": 14..<16, "ss": 17..<19]
    let characters = Array(taken)
    var text = format
    for (letters, range) in fields where range.upperBound <= characters.count {
      text = text.replacing(letters, with: String(characters[range]))
    }
    return text
  }
}
