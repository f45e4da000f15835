public import Foundation

/// How fast deliveries may go, by the time of day: `["08:00-18:00 2mbit", "5mbit"]`.
///
/// The first entry that holds at a time decides; an entry without a time holds always. Times are the wall clock's: on the day
/// when clocks are set forward, an entry for the hour that is left out does not hold, and on the day when they are set back it
/// holds in both.
public struct LimitTimetable: Hashable, Sendable {
  /// One line of it.
  public struct Entry: Hashable, Sendable {
    /// Minutes since midnight, 0 to 1439; `nil` is all day.
    public let from: Int?
    /// Minutes since midnight, 1 to 1440, where it ends; not after `from` means on the next day.
    public let until: Int?
    /// `nil` is no limit.
    public let rate: BitRate?

    /// Whether it holds at so many minutes since midnight.
    func holds(at minute: Int) -> Bool {
      guard let from, let until else { return true }
      return from < until ? (from..<until).contains(minute) : minute >= from || minute < until
    }
  }

  public let entries: [Entry]

  /// No limit at any time.
  public static let none = LimitTimetable(entries: [])

  private init(entries: [Entry]) {
    self.entries = entries
  }

  /// Why a text is no entry.
  public struct ParseError: Error, Hashable, Sendable {
    public let text: String
  }

  /// What an entry is written like, for messages.
  public static let needed = "a rate like 5mbit or 500kbit is needed, or times and a rate: 08:00-18:00 2mbit."

  /// Reads entries: `RATE`, or `HH:MM-HH:MM RATE`, where `off` is a rate too and means no limit.
  /// - Throws: `ParseError` with the first text that is no entry.
  public init(parsing texts: [String]) throws(ParseError) {
    var entries: [Entry] = []
    for text in texts {
      guard let entry = Self.entry(text) else { throw ParseError(text: text) }
      entries.append(entry)
    }
    self.init(entries: entries)
  }

  /// What holds at a moment; `nil` is no limit.
  public func limit(at date: Date, calendar: Calendar = .current) -> BitRate? {
    let parts = calendar.dateComponents([.hour, .minute], from: date)
    let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
    return entries.first { $0.holds(at: minute) }?.rate
  }

  /// Whether it is the same at all times.
  public var isConstant: Bool { entries.allSatisfy { $0.from == nil } }

  private static func entry(_ text: String) -> Entry? {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let first = words.first else { return nil }
    let times = first.split(separator: "-", omittingEmptySubsequences: false)
    if first.contains(":") {
      guard times.count == 2, let from = minute(times[0]), from < 1440, let until = minute(times[1]),
        until > 0 || from > 0,
        from != until, let rate = rate(words.dropFirst().joined())
      else { return nil }
      return Entry(from: from, until: until == 0 ? 1440 : until, rate: rate.value)
    }
    guard let rate = rate(words.joined()) else { return nil }
    return Entry(from: nil, until: nil, rate: rate.value)
  }

  /// A rate, or none by the word `off`; the outer `nil` is neither.
  private static func rate(_ text: String) -> (value: BitRate?, Void)? {
    if text.lowercased() == "off" { return (nil, ()) }
    return BitRate(parsing: text).map { ($0, ()) }
  }

  /// `HH:MM` up to 24:00, in minutes.
  private static func minute(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy(\.isASCIIDigit) }),
      parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
      hour * 60 + minute <= 1440
    else { return nil }
    return hour * 60 + minute
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
