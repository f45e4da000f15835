/// A text, list or map, read from the little of YAML that the API's description is written in: maps and lists in blocks
/// or in brackets, and texts, which may go on in deeper lines.
indirect enum YAMLNode: Equatable {
  case text(String)
  case list([YAMLNode])
  case map([String: YAMLNode])

  init(yaml: String) {
    var lines = yaml.split(separator: "\n").map { line in
      let indent = line.prefix { $0 == " " }.count
      return Line(indent: indent, text: line.dropFirst(indent))
    }[...]
    self = Self.block(&lines)
  }

  /// The value of a map's key.
  subscript(_ key: String) -> YAMLNode? {
    if case .map(let map) = self { map[key] } else { nil }
  }

  var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The texts of a list; one text is a list of itself.
  var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .list(let nodes): nodes.compactMap(\.text)
    case .map: []
    }
  }

  var keys: [String] { if case .map(let map) = self { map.keys.sorted() } else { [] } }

  private struct Line {
    var indent: Int
    var text: Substring
  }

  private static func block(_ lines: inout ArraySlice<Line>) -> YAMLNode {
    guard let first = lines.first else { return .text("") }
    if first.text.hasPrefix("- ") { return list(&lines, indent: first.indent) }
    if first.text.hasPrefix("{") || first.text.hasPrefix("[") {
      return value(of: "", deeperThan: first.indent - 1, &lines)
    }
    var map: [String: YAMLNode] = [:]
    while let line = lines.first, line.indent == first.indent, let colon = line.text.firstIndex(of: ":") {
      lines.removeFirst()
      let rest = line.text[line.text.index(after: colon)...].drop { $0 == " " }
      let isBlock = rest.isEmpty && (lines.first?.indent ?? 0) > line.indent
      map[unquoted(line.text[..<colon])] =
        isBlock ? block(&lines) : value(of: rest, deeperThan: line.indent, &lines)
    }
    return .map(map)
  }

  private static func list(_ lines: inout ArraySlice<Line>, indent: Int) -> YAMLNode {
    var nodes: [YAMLNode] = []
    while let line = lines.first, line.indent == indent, line.text.hasPrefix("- ") {
      // What follows the dash begins a block of its own, two columns further in.
      lines[lines.startIndex] = Line(indent: indent + 2, text: line.text.dropFirst(2))
      nodes.append(block(&lines))
    }
    return .list(nodes)
  }

  /// A value that begins on its key's line and may go on in deeper ones.
  private static func value(
    of start: Substring, deeperThan indent: Int, _ lines: inout ArraySlice<Line>
  ) -> YAMLNode {
    var text = String(start)
    while let line = lines.first, line.indent > indent { text += " " + lines.removeFirst().text }
    var rest = text.drop { $0 == " " }
    guard let first = rest.first, "{[".contains(first) else { return .text(unquoted(rest)) }
    return inBrackets(&rest)
  }

  private static func inBrackets(_ text: inout Substring) -> YAMLNode {
    text = text.drop { $0 == " " }
    switch text.first {
    case "{":
      text.removeFirst()
      var map: [String: YAMLNode] = [:]
      while let next = text.first, next != "}" {
        let key = token(&text, endsAt: ":,}")
        if text.first == ":" { text.removeFirst() }
        map[key] = inBrackets(&text)
        text = text.drop { $0 == "," || $0 == " " }
      }
      text = text.dropFirst()
      return .map(map)
    case "[":
      text.removeFirst()
      var nodes: [YAMLNode] = []
      while let next = text.first, next != "]" {
        nodes.append(inBrackets(&text))
        text = text.drop { $0 == "," || $0 == " " }
      }
      text = text.dropFirst()
      return .list(nodes)
    default: return .text(token(&text, endsAt: ",]}"))
    }
  }

  private static func token(_ text: inout Substring, endsAt marks: String) -> String {
    if text.first == "\"" {
      let token = text.dropFirst().prefix { $0 != "\"" }
      text = text.dropFirst(token.count + 2)
      return String(token)
    }
    let token = text.prefix { !marks.contains($0) }
    text = text.dropFirst(token.count)
    return unquoted(token)
  }

  private static func unquoted(_ text: Substring) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    guard text.count > 1, text.first == "\"", text.last == "\"" else { return String(text) }
    return String(text.dropFirst().dropLast())
  }
}
