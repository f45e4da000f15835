public import Model

/// Everything an album shows of a picture before its original arrives.
public struct RenderedPicture: Hashable, Sendable {
  /// 480 pixels at most.
  public let thumbnail: Rendition
  /// 2,048 pixels at most.
  public let preview: Rendition
  /// What the original says of itself.
  public let facts: PictureFacts
  /// The original is truncated or has a fault inside: what could be decoded is shown, the rest is grey.
  public let isDamaged: Bool

  /// What one rendering made.
  public init(thumbnail: Rendition, preview: Rendition, facts: PictureFacts, isDamaged: Bool) {
    self.thumbnail = thumbnail
    self.preview = preview
    self.facts = facts
    self.isDamaged = isDamaged
  }
}
