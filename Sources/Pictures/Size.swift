/// Pixels across and down.
struct Size: Hashable, Sendable {
  var width: Int
  var height: Int

  /// The largest size of the same proportions whose longer edge is at most `longEdge`; never larger than this one.
  func fitting(longEdge: Int?) -> Size {
    let long = max(width, height)
    guard let longEdge, long > longEdge else { return self }
    func scaled(_ edge: Int) -> Int {
      max(1, Int((Double(edge) * Double(longEdge) / Double(long)).rounded()))
    }
    return Size(width: scaled(width), height: scaled(height))
  }

  /// Width and height exchanged, as EXIF's orientations 5 to 8 ask.
  func upright(_ orientation: Int) -> Size {
    orientation >= 5 ? Size(width: height, height: width) : self
  }
}

/// How much of a JPEG's decoding can be left out: libjpeg decodes to a half, a quarter or an eighth for little.
enum Shrink {
  /// The largest factor that leaves at least the target's pixels.
  static func onLoad(from stored: Size, to target: Size) -> Int {
    for factor in [8, 4, 2]
    where max(stored.width, stored.height) >= factor * max(target.width, target.height) {
      return factor
    }
    return 1
  }
}
