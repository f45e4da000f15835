/// Which frames go to the albums: `--send all|marked|rated:N|none`.
///
/// A frame that is not sent is safe all the same, stays in the journal, and can be sent later.
public enum FrameSelection: Hashable, Sendable {
  case all
  /// Those with a star, a rating or protection on the camera.
  case marked
  /// Those with so many stars or more, 1 to 5.
  case rated(Int)
  case none

  /// Reads one of the forms; `nil` for anything else.
  public init?(_ text: String) {
    switch text.lowercased() {
    case "all": self = .all
    case "marked": self = .marked
    case "none": self = .none
    case let text:
      guard text.hasPrefix("rated:"), let stars = Int(text.dropFirst(6)), FrameMark.stars.contains(stars)
      else { return nil }
      self = .rated(stars)
    }
  }

  /// What is said to somebody whose text is none.
  public static let needed = "all, marked, rated:N (N from 1 to 5) or none is needed."

  /// Whether a frame that is marked so is sent.
  public func takes(_ mark: FrameMark) -> Bool {
    switch self {
    case .all: true
    case .marked: mark.isSet
    case .rated(let stars): (mark.rating ?? 0) >= stars
    case .none: false
    }
  }

  /// Whether a mark decides anything.
  public var looksAtMarks: Bool {
    switch self {
    case .marked, .rated: true
    case .all, .none: false
    }
  }
}

extension FrameSelection: CustomStringConvertible {
  /// As it is written on the command line.
  public var description: String {
    switch self {
    case .all: "all"
    case .marked: "marked"
    case .rated(let stars): "rated:\(stars)"
    case .none: "none"
    }
  }
}
