/// How a photographer marked a frame on the camera.
public struct FrameMark: Hashable, Codable, Sendable {
  /// The ratings that pick a frame out.
  public static let stars = 1...5

  /// Stars, 0 to 5, and -1 for "rejected" as some bodies and programs write it; `nil` where nothing says.
  public var rating: Int?
  /// Whether it is protected against deleting.
  public var isProtected: Bool

  public init(rating: Int? = nil, isProtected: Bool = false) {
    self.rating = rating
    self.isProtected = isProtected
  }

  /// Whether it is marked at all: a star or more, or protection.
  public var isSet: Bool { isProtected || (rating ?? 0) >= Self.stars.lowerBound }

  /// This mark, with what it leaves open taken from another one.
  public func filled(from other: FrameMark) -> FrameMark {
    FrameMark(rating: rating ?? other.rating, isProtected: isProtected || other.isProtected)
  }
}
