/// One element of an XML answer of an S3-compatible store: its children, or its text.
///
/// What S3 says is elements and text. This reads that and no more: no document type (and so no entities but XML's own
/// five), no namespaces, no attributes, and bounds on depth and count, since whoever stands in the network may answer
/// in the store's place. Foundation's parser would bring libxml2 into the program for it.
struct S3Document: Hashable, Sendable {
  let name: String
  private(set) var children: [S3Document] = []
  private(set) var text = ""

  /// The document's root; `nil` for what is not whole, not XML as above, or too deep or large.
  init?(_ bytes: some Sequence<UInt8>) {
    var reader = Reader(String(decoding: Array(bytes), as: UTF8.self))
    guard let root = reader.document() else { return nil }
    self = root
  }

  fileprivate init(name: String) {
    self.name = name
  }

  /// The text of the first child with a name; `nil` if there is none.
  subscript(_ name: String) -> String? {
    children.first { $0.name == name }?.text
  }

  /// Every child with a name.
  func all(_ name: String) -> [S3Document] {
    children.filter { $0.name == name }
  }
}

extension S3Document {
  private struct Reader {
    private static let deepest = 8
    private static let most = 50_000
    private var rest: Substring
    private var count = 0

    init(_ text: String) {
      rest = text[...]
      if rest.first == "\u{FEFF}" { rest.removeFirst() }
    }

    mutating func document() -> S3Document? {
      guard skipBetween(), let root = element(depth: 0), skipBetween(), rest.isEmpty else { return nil }
      return root
    }

    /// Passes over white space, comments and processing instructions (`<?xml …?>`).
    private mutating func skipBetween() -> Bool {
      while true {
        rest = rest.drop { $0.isWhitespace }
        if rest.hasPrefix("<?") {
          guard skip(through: "?>") else { return false }
        } else if rest.hasPrefix("<!--") {
          guard skip(through: "-->") else { return false }
        } else {
          return true
        }
      }
    }

    private mutating func skip(through end: String) -> Bool {
      guard let range = rest.firstRange(of: end) else { return false }
      rest = rest[range.upperBound...]
      return true
    }

    /// An element from its `<` to the end of its closing tag.
    private mutating func element(depth: Int) -> S3Document? {
      count += 1
      guard depth < Self.deepest, count <= Self.most, rest.first == "<", let end = rest.firstIndex(of: ">")
      else { return nil }
      var tag = rest[rest.index(after: rest.startIndex)..<end]
      rest = rest[rest.index(after: end)...]
      let isEmpty = tag.last == "/"
      if isEmpty { tag.removeLast() }
      let name = tag.prefix { !$0.isWhitespace }
      guard Self.isName(name) else { return nil }
      var element = S3Document(name: Self.local(name))
      if isEmpty { return element }
      while true {
        if rest.hasPrefix("</") {
          let closing = "</\(name)"
          guard rest.hasPrefix(closing), let end = rest.firstIndex(of: ">"),
            rest[rest.index(rest.startIndex, offsetBy: closing.count)..<end].allSatisfy(\.isWhitespace)
          else { return nil }
          rest = rest[rest.index(after: end)...]
          if !element.children.isEmpty { element.text = "" }
          return element
        }
        if rest.hasPrefix("<!--") {
          guard skip(through: "-->") else { return nil }
        } else if rest.hasPrefix("<![CDATA[") {
          guard let end = rest.firstRange(of: "]]>") else { return nil }
          element.text += rest[rest.startIndex..<end.lowerBound].dropFirst(9)
          rest = rest[end.upperBound...]
        } else if rest.first == "<" {
          guard let child = self.element(depth: depth + 1) else { return nil }
          element.children.append(child)
        } else {
          let raw = rest.prefix { $0 != "<" }
          guard !raw.isEmpty, let text = Self.decoded(raw) else { return nil }
          element.text += text
          rest = rest.dropFirst(raw.count)
        }
      }
    }

    private static func isName(_ name: Substring) -> Bool {
      guard let first = name.first, first.isLetter else { return false }
      return name.utf8.count <= 100
        && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.:".contains($0)) }
    }

    /// Without a namespace's prefix.
    private static func local(_ name: Substring) -> String {
      String(name.split(separator: ":").last ?? name)
    }

    private static func decoded(_ raw: Substring) -> String? {
      guard raw.contains("&") else { return String(raw) }
      var text = ""
      var rest = raw
      while let ampersand = rest.firstIndex(of: "&") {
        text += rest[..<ampersand]
        guard let end = rest[ampersand...].firstIndex(of: ";"),
          let character = character(rest[rest.index(after: ampersand)..<end])
        else { return nil }
        text.append(character)
        rest = rest[rest.index(after: end)...]
      }
      return text + rest
    }

    private static func character(_ entity: Substring) -> Character? {
      switch entity {
      case "amp": return "&"
      case "lt": return "<"
      case "gt": return ">"
      case "quot": return "\""
      case "apos": return "'"
      default:
        guard entity.hasPrefix("#"), entity.count <= 8 else { return nil }
        let digits = entity.dropFirst()
        let number =
          digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        return number.flatMap(Unicode.Scalar.init).map(Character.init)
      }
    }
  }
}
