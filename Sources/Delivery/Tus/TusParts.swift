/// How a file is cut into partial uploads (tus 1.0, "Concatenation").
struct TusParts: FileParts {
  let length: Int64
  let partBytes: Int64

  /// Less is not worth a part's two requests more.
  static let smallest: Int64 = 512 << 10
  /// Their addresses go in one header field, and a proxy takes 8 KiB of it.
  static let most: Int64 = 32
}

extension TusParts {
  /// Some parts for each line, so that none of the lines is left alone with much.
  /// - Returns: `nil` for a file that is not worth it.
  init?(length: Int64, lines: Int) {
    guard length >= 2 * Self.smallest, lines > 1 else { return nil }
    let count = min(Self.most, Int64(3 * lines))
    self.init(length: length, partBytes: max(Self.smallest, (length + count - 1) / count))
  }
}
