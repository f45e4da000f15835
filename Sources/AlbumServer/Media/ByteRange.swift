/// What a `Range` header asks of a file (RFC 9110, section 14).
enum ByteRange: Equatable, Sendable {
  /// The whole file: no range, one that we do not read, or several (which a server may ignore).
  case whole
  case part(Range<Int64>)
  /// Beyond the file's end: 416.
  case unsatisfiable

  /// - Parameters:
  ///   - header: the value of `Range`.
  ///   - ifRange: the value of `If-Range`; a date, or a tag that is not ours, makes the range void.
  ///   - tag: the file's entity tag.
  ///   - length: the file's length in bytes.
  init(header: String?, ifRange: String?, tag: String, length: Int64) {
    self = .whole
    guard let header, ifRange == nil || ifRange == tag else { return }
    guard header.lowercased().hasPrefix("bytes=") else { return }
    let text = header.dropFirst(6)
    guard !text.contains(","), let hyphen = text.firstIndex(of: "-") else { return }
    let first = text[..<hyphen].trimming(" ")
    let last = text[text.index(after: hyphen)...].trimming(" ")
    let digits = { (text: Substring) in text.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    guard digits(first), digits(last), !first.isEmpty || !last.isEmpty else { return }
    if first.isEmpty {
      // The last so many bytes; a number too large for us is larger than every file.
      let count = min(Int64(last) ?? .max, length)
      self = count == 0 ? .unsatisfiable : .part(length - count..<length)
      return
    }
    let start = Int64(first) ?? .max
    let end = last.isEmpty ? length - 1 : min(Int64(last) ?? .max, length - 1)
    if !last.isEmpty, (Int64(last) ?? .max) < start { return }
    self = start < length ? .part(start..<end + 1) : .unsatisfiable
  }
}

extension Substring {
  fileprivate func trimming(_ character: Character) -> Substring {
    var text = self
    while text.first == character { text.removeFirst() }
    while text.last == character { text.removeLast() }
    return text
  }
}
