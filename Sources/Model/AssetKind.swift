/// What of a frame is delivered: one of its renditions or an original.
///
/// The order of the cases is the order of delivery: small first (architecture.md, "Scheduling deliveries").
public enum AssetKind: String, CaseIterable, Codable, Sendable, Comparable {
  case thumbnail
  case preview
  case original

  /// The long edge in pixels that a rendition is scaled down to; `nil` for an original, which is never touched.
  public var longEdge: Int? {
    switch self {
    case .thumbnail: 480
    case .preview: 2048
    case .original: nil
    }
  }

  /// In the order in which they go: thumbnail, preview, original.
  public static func < (left: AssetKind, right: AssetKind) -> Bool {
    left.rank < right.rank
  }

  /// 0 is delivered first.
  public var rank: Int {
    switch self {
    case .thumbnail: 0
    case .preview: 1
    case .original: 2
    }
  }
}
