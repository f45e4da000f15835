/// A response's header fields, in the order they came; names are compared without regard to case (RFC 9110, 5.1).
public struct HeaderFields: Hashable, Sendable {
  /// The fields as they came, surrounding white space of the values removed.
  public private(set) var fields: [Field] = []

  /// One line of a header.
  public struct Field: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public init(_ fields: [Field] = []) {
    self.fields = fields
  }

  /// The first value of a name; `nil` if there is none.
  public subscript(_ name: String) -> String? {
    fields.first { Self.isSame($0.name, name) }?.value
  }

  /// Every value of a name, in order.
  public func values(_ name: String) -> [String] {
    fields.filter { Self.isSame($0.name, name) }.map(\.value)
  }

  /// Takes one line as libcurl gives it: a status line begins a new header (after `100 Continue`, say), an
  /// empty one ends it, and what has no colon is no field and is passed over.
  mutating func take(line: String) {
    if line.hasPrefix("HTTP/") {
      fields.removeAll(keepingCapacity: true)
      return
    }
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return }
    let value = line[line.index(after: colon)...].trimming()
    fields.append(Field(name: String(line[..<colon].trimming()), value: String(value)))
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8) { lowered($0) == lowered($1) }
  }

  private static func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}

extension Substring {
  /// Without white space and line ends at either end.
  fileprivate func trimming() -> Substring {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
