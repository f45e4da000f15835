/// Notices that of several bodies some are left, and that nothing follows the others: the connections of those that are left
/// still have the share of the link that they had before. A pure value; bodies are named by their easy handles.
struct FreedLink {
  private var senders: Set<UnsafeMutableRawPointer> = []
  private var freedAt: ContinuousClock.Instant?

  /// How soon the next body follows one that ends, where there is one.
  static let patience = Duration.milliseconds(150)

  /// Takes whose bodies are being sent now.
  /// - Returns: who may send more than before, each time once.
  mutating func take(
    _ now: Set<UnsafeMutableRawPointer>, at moment: ContinuousClock.Instant
  ) -> Set<UnsafeMutableRawPointer> {
    if now.isStrictSubset(of: senders) {
      freedAt = moment
    } else if !now.isSubset(of: senders) {
      freedAt = nil
    }
    senders = now
    guard let since = freedAt, since.duration(to: moment) >= Self.patience else { return [] }
    freedAt = nil
    return now
  }
}
