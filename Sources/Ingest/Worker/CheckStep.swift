/// One thing that was tried on a camera, and how it went.
public struct CheckStep: Hashable, Codable, Sendable {
  /// What was tried, in this order.
  public enum Name: String, Hashable, Codable, Sendable {
    case open, identify, list, thumbnail
    case partialRead = "partial_read"
    case captureTarget = "capture_target"
    case clock, battery, event, file
  }

  /// What came of a step.
  public enum Verdict: String, Hashable, Codable, Sendable {
    case good
    /// `tether` works without it, less well.
    case limited
    /// `tether` needs it.
    case failed
    case notTried = "not_tried"
  }

  public var step: Name
  public var verdict: Verdict
  /// What was seen, in words.
  public var detail: String
  /// How long it took.
  public var milliseconds: Int
}

/// Everything that was tried on one camera.
public struct CameraCheckup: Hashable, Codable, Sendable {
  /// As `--camera` names it.
  public var camera: String
  /// In the order in which they were tried.
  public var steps: [CheckStep]

  /// Whether it got to the end, and all that `tether` needs is there.
  public var isUsable: Bool {
    steps.last?.step == .file && steps.allSatisfy { $0.verdict != .failed }
  }
}
