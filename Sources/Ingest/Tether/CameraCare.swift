/// What `tether` does about a camera besides fetching its frames.
public struct CameraCare: Hashable, Sendable {
  /// How a frame's capture time is corrected.
  public enum ClockCorrection: Hashable, Sendable {
    /// By what the camera's clock is seen to be ahead.
    case measured
    /// By so many seconds that the camera shows more than this machine.
    case stated(Int)
    /// Not at all.
    case asWritten
  }

  public var clock: ClockCorrection
  /// Whether the camera's clock is set to this machine's when it connects.
  public var setsClock: Bool
  /// Whether a frame that is delivered everywhere is deleted on the card.
  public var deletesDelivered: Bool
  /// Whether a frame that is safe is deleted in the buffer of a camera that keeps frames there (`WorkerIdentity.mayBuffer`).
  public var clearsBuffer: Bool
  /// How long deletions are gathered: each batch needs a new connection, of which bodies should not have too many.
  public var deletionPause: Duration

  public init(
    clock: ClockCorrection = .measured, setsClock: Bool = false, deletesDelivered: Bool = false,
    clearsBuffer: Bool = false,
    deletionPause: Duration = .seconds(60)
  ) {
    self.clock = clock
    self.setsClock = setsClock
    self.deletesDelivered = deletesDelivered
    self.clearsBuffer = clearsBuffer
    self.deletionPause = deletionPause
  }
}

extension CameraCare.ClockCorrection {
  /// Reads `auto`, `none`, `[±]HH:MM`, `[±]HH:MM:SS` or a number of seconds; `nil` for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .measured
    case "none": self = .asWritten
    default:
      let isBehind = text.hasPrefix("-")
      let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
      let parts = digits.split(separator: ":", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { part in
        part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
      }
      guard numbers.count == parts.count, (1...3).contains(numbers.count), numbers[0] <= 3_155_760_000,
        numbers.dropFirst().allSatisfy({ $0 < 60 })
      else { return nil }
      let seconds =
        numbers.count == 1
        ? numbers[0] : numbers[0] * 3600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0)
      self = .stated(isBehind ? -seconds : seconds)
    }
  }
}
