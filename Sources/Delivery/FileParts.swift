/// A file that is cut into parts of one length, of which the last may be shorter.
protocol FileParts: Hashable, Sendable {
  /// The file's length in bytes.
  var length: Int64 { get }
  /// Of every part but the last.
  var partBytes: Int64 { get }
}

extension FileParts {
  var count: Int { Int((length + partBytes - 1) / partBytes) }

  /// The bytes of a part; the first is number 1.
  func range(of number: Int) -> Range<Int64> {
    let start = Int64(number - 1) * partBytes
    return start..<min(length, start + partBytes)
  }
}
