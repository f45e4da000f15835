import Journal

/// A kind of destination: carries one delivery there, as far as it goes now.
///
/// Several are carried at once. Whatever a client learns that a later try needs (an upload's address, an acknowledged offset) it has
/// written into the journal before it acts on it, so that it may be killed at any moment.
protocol DestinationClient: Sendable {
  /// Asks what the destination can do, so that the first delivery need not. Failing is no harm.
  func prepare() async

  /// Stays beside the deliveries until the task is cancelled, for what is no single delivery's: a bucket album's feed.
  /// - Parameter tell: hears what comes of it.
  func attend(_ tell: @escaping @Sendable (Attendance) async -> Void) async

  /// Carries a delivery; returns when it is sent (and the journal says so), cannot go on now, or the task is cancelled.
  /// - Parameters:
  ///   - source: its file, open.
  ///   - heard: called whenever the destination answered as it should; says whether the delivery is to go
  ///     on now. If not, what is under way is done, and no more is begun (`DeliveryOutcome.laidAside`).
  /// - Throws: `JournalError` when what was learnt could not be written down.
  func carry(
    _ delivery: Delivery, from source: DeliverySource, heard: @escaping @Sendable () async -> Bool
  ) async throws(JournalError) -> DeliveryOutcome
}

extension DestinationClient {
  /// Most destinations publish what they take by themselves.
  func attend(_ tell: @escaping @Sendable (Attendance) async -> Void) async {}
}

/// What `DestinationClient.attend` tells.
enum Attendance: Sendable {
  /// Deliveries that were stored are in the album now, and the journal says so.
  case sent([Delivery])
  /// They are not, yet; or not before a person acts.
  case stopped([Delivery], DeliveryReason, retryAfter: Duration?)
  case journalFailed(JournalError)
}

/// What came of carrying a delivery.
enum DeliveryOutcome: Hashable, Sendable {
  /// All of it is there, and the journal says so.
  case sent
  /// All of it is there, and the journal says so; guests see it when `DestinationClient.attend` has told `sent` of it.
  case stored
  /// It cannot go on now, or not before a person acts; the destination asked for `retryAfter` at least.
  case stopped(DeliveryReason, retryAfter: Duration? = nil)
  /// Nobody wants it to go on now; the journal says how far it is.
  case laidAside
  /// The task was cancelled; the journal is as far as the destination has acknowledged, or behind.
  case cancelled
}
