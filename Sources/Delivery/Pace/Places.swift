import Journal
import Model

/// How many deliveries of what kind may be under way at once to one destination.
struct Places: Hashable, Sendable {
  private let renditionPlaces: Int
  private let originalPlaces: Int
  /// After a failure one delivery tries whether the destination is back; the others wait for what it finds. An original may take
  /// minutes to find out, or have gone on all the time, and so a rendition tries beside it.
  private let isProbing: Bool
  private let active: [AssetKind]

  init(renditions: Int, originals: Int, isProbing: Bool, active: [AssetKind]) {
    renditionPlaces = renditions
    originalPlaces = originals
    self.isProbing = isProbing
    self.active = active
  }

  /// How many renditions may start now.
  var freeForRenditions: Int {
    let places = isProbing ? min(1, renditionPlaces) : renditionPlaces
    return max(0, places - active.count { $0 != .original })
  }

  /// How many originals may start now, if every due rendition has a place.
  var freeForOriginals: Int {
    guard !isProbing else { return active.isEmpty ? 1 : 0 }
    return max(0, originalPlaces - active.count { $0 == .original })
  }

  /// Which of the due deliveries start now. Renditions have places of their own, which no original ever takes; originals start only when
  /// every due rendition has a place.
  /// - Parameters:
  ///   - renditions: in the order in which they should go, none of them active.
  ///   - originals: likewise.
  func choose(renditions: [Delivery], originals: [Delivery]) -> [Delivery] {
    let chosen = renditions.prefix(freeForRenditions)
    if isProbing, !chosen.isEmpty { return Array(chosen) }
    return Array(chosen) + (chosen.count < renditions.count ? [] : originals.prefix(freeForOriginals))
  }
}
