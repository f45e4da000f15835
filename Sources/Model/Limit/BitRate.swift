/// How fast bits may go over a link.
public struct BitRate: Hashable, Sendable, Comparable {
  /// Bits a second, more than 0.
  public let bitsPerSecond: Double

  /// Bytes per second, as counters of transfers have it.
  public var bytesPerSecond: Double { bitsPerSecond / 8 }

  /// - Parameter bitsPerSecond: more than 0.
  public init(bitsPerSecond: Double) {
    self.bitsPerSecond = bitsPerSecond
  }

  /// Reads `500kbit`, `5mbit`, `2.5 mbit` or `1gbit`, of any case, at least 8kbit: units of a thousand, as links are sold.
  /// - Returns: `nil` for anything else.
  public init?(parsing text: some StringProtocol) {
    let text = text.lowercased().filter { !$0.isWhitespace }
    let units = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)]
    guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
    let number = text.dropLast(unit.count)
    guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
      let value = Double(number), case let bits = value * factor, bits >= 8000, bits <= 1e12
    else { return nil }
    bitsPerSecond = bits
  }

  /// The slower one first.
  public static func < (left: BitRate, right: BitRate) -> Bool { left.bitsPerSecond < right.bitsPerSecond }
}
