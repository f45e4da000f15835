/// Which originals go to the albums, and when: `--originals WHICH[,WHEN]`.
///
/// The two are one option because they answer one question. `WHICH` is `jpeg`, `raw`, `both` or `none`; `WHEN` is
/// `now`, `later` or `on-wifi`. A word that is not given is `both`, or `now`. `never` is another word for `none`.
/// Renditions go in any case.
public struct OriginalsPolicy: Hashable, Sendable {
  /// Which of a frame's originals are sent.
  public enum Which: String, CaseIterable, Codable, Sendable {
    /// Pictures that every viewer shows (JPEG, HEIF, …) and clips: everything that is no RAW.
    case jpeg
    /// RAW files alone.
    case raw
    case both
    case none
  }

  /// When they are sent.
  public enum When: String, CaseIterable, Codable, Sendable {
    /// As soon as no rendition waits.
    case now
    /// Not before a person asks for them.
    case later
    /// Only over a network that costs nothing by the byte.
    case onWifi = "on-wifi"
  }

  public var which: Which
  public var when: When

  public init(which: Which = .both, when: When = .now) {
    self.which = which
    self.when = when
  }

  /// Reads words that are separated by commas, in either order: `jpeg`, `raw,later`, `on-wifi`, `never`.
  /// - Returns: `nil` for any other word, for two of a kind, and for a time to send nothing at.
  public init?(_ text: String) {
    var which: Which?
    var when: When?
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      let word = word.drop { $0 == " " }.lowercased()
      if let read = word == "never" ? Which.none : Which(rawValue: word) {
        guard which == nil else { return nil }
        which = read
      } else if let read = When(rawValue: word) {
        guard when == nil else { return nil }
        when = read
      } else {
        return nil
      }
    }
    guard which != Which.none || when == nil else { return nil }
    self.init(which: which ?? .both, when: when ?? .now)
  }

  /// What is said to somebody whose text is none.
  public static let needed =
    "jpeg, raw, both or none (never), and when: now, later or on-wifi; such as raw,on-wifi."

  /// Whether an original of this media type is one of those that are sent.
  public func takes(_ mediaType: String) -> Bool {
    switch which {
    case .jpeg: !MediaType.isRaw(mediaType)
    case .raw: MediaType.isRaw(mediaType)
    case .both: true
    case .none: false
    }
  }
}

extension OriginalsPolicy: CustomStringConvertible {
  /// As it is written on the command line.
  public var description: String {
    when == .now ? which.rawValue : "\(which.rawValue),\(when.rawValue)"
  }
}
