/// A number of bytes as a person writes it: `20 GB`, `500MB`, `1.5 TB`, `64 MiB`.
public enum ByteCount {
  private static let units: [String: Double] = [
    "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776,
  ]

  /// Reads a number with its unit, which is in powers of ten without an `i` and in powers of 1024 with one.
  /// - Returns: bytes, 0 or more; `nil` for anything else.
  public static func parse(_ text: some StringProtocol) -> Int64? {
    let text = text.lowercased().filter { !$0.isWhitespace }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), let unit = units[String(text.dropFirst(digits.count))] else {
      return nil
    }
    let bytes = (number * unit).rounded()
    return bytes < 9e18 ? Int64(bytes) : nil
  }
}
