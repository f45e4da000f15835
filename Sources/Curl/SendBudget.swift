/// How many bytes of bodies may go now: a token bucket over all limited transfers of a client.
///
/// Bytes are counted as they are given to libcurl, with a share for the headers of packets, so that the limit holds for the link.
struct SendBudget {
  /// Bytes a second; `nil` is no limit.
  var bytesPerSecond: Double? {
    didSet {
      guard bytesPerSecond != oldValue else { return }
      tokens = min(tokens, most)
    }
  }
  private var tokens = 0.0
  private var filledAt: ContinuousClock.Instant

  /// What the headers of IP and TCP add to a full packet of Ethernet's size.
  private static let packetShare = 1500.0 / 1448.0

  init(now: ContinuousClock.Instant) {
    filledAt = now
  }

  /// The least that is worth a turn: about a fiftieth of a second, so that several transfers take turns.
  private var slice: Double { min(max((bytesPerSecond ?? 0) / 50, 2048), 65_536) }
  private var most: Double { max(2 * slice, (bytesPerSecond ?? 0) / 10) }

  /// Takes from the budget.
  /// - Returns: how many of the wanted bytes may go now; 0 is "not now".
  mutating func take(_ wanted: Int, now: ContinuousClock.Instant) -> Int {
    guard bytesPerSecond != nil else { return wanted }
    fill(now)
    let turn = min(Double(wanted) * Self.packetShare, slice)
    guard tokens >= turn else { return 0 }
    tokens -= turn
    return min(wanted, Int(turn / Self.packetShare) + 1)
  }

  /// How long until a turn is possible again.
  mutating func wait(now: ContinuousClock.Instant) -> Duration {
    guard let bytesPerSecond else { return .zero }
    fill(now)
    return .seconds(max(0, slice - tokens) / bytesPerSecond)
  }

  private mutating func fill(_ now: ContinuousClock.Instant) {
    guard let bytesPerSecond, now > filledAt else { return }
    tokens = min(most, tokens + bytesPerSecond * (filledAt.duration(to: now) / .seconds(1)))
    filledAt = now
  }
}
