/// What is done to renditions beyond making them small.
public struct Finish: Hashable, Sendable {
  /// Laid over the picture.
  public var watermark: Watermark?
  /// Written into it.
  public var words: PictureWords

  public init(watermark: Watermark? = nil, words: PictureWords = PictureWords()) {
    self.watermark = watermark
    self.words = words
  }

  /// Nothing.
  public static let none = Finish()
}
