import GPhoto

/// When a camera is listed although nothing hints at a frame that it did not announce: the more seldom the less that
/// finds, since it costs a new connection, and not while the cards' room says that nothing was shot. A pure value.
struct ListingPace {
  static let shortest = Duration.seconds(2 * 60)
  static let longest = Duration.seconds(32 * 60)

  /// How long after the last listing the next one is due.
  private(set) var pause = Duration.seconds(8 * 60)
  /// When the last listing was complete; `nil` before the first.
  private(set) var last: ContinuousClock.Instant?
  private var room: [CameraStorage] = []
  private var unannounced = 0

  /// A listing is complete.
  /// - Parameters:
  ///   - room: the cards' room as it was known then.
  ///   - unannounced: how many names listings were the first to show, until now.
  mutating func listed(now: ContinuousClock.Instant, room: [CameraStorage], unannounced: Int) {
    if last != nil {
      pause = unannounced > self.unannounced ? max(Self.shortest, pause / 4) : min(Self.longest, pause * 2)
    }
    last = now
    self.room = room
    self.unannounced = unannounced
  }

  /// Whether it is time for another.
  func isDue(now: ContinuousClock.Instant, room: [CameraStorage]) -> Bool {
    guard let last, now - last > pause else { return false }
    return !RoomWatch.isUntouched(self.room, room)
  }
}
