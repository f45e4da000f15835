public import Foundation
import GRDB
public import Model

/// What the journal knows of why a delivery waits.
public struct DeliverySituation: Hashable, Sendable {
  public var album: String
  public var kind: AssetKind
  public var state: Delivery.State
  /// Whether a person has pushed its frame to the front.
  public var isPushed: Bool
  public var step: Delivery.Step?
  /// What stood in the way at the last try, for a person.
  public var reason: String?
  /// The reason's kind, for a program (`DeliveryReason.Code`).
  public var reasonCode: String?

  public init(
    album: String, kind: AssetKind, state: Delivery.State, isPushed: Bool = false, step: Delivery.Step? = nil,
    reason: String? = nil, reasonCode: String? = nil
  ) {
    self.album = album
    self.kind = kind
    self.state = state
    self.isPushed = isPushed
    self.step = step
    self.reason = reason
    self.reasonCode = reasonCode
  }
}

extension Delivery {
  /// Why it waits, as far as the journal knows.
  public var situation: DeliverySituation {
    DeliverySituation(
      album: album, kind: kind, state: state, isPushed: isPushed, step: step, reason: reason,
      reasonCode: reasonCode)
  }
}

/// Deliveries that are in one situation, counted.
public struct WaitingDeliveries: Hashable, Sendable {
  public var situation: DeliverySituation
  public var count: Int
  /// Their bytes that are not acknowledged yet.
  public var bytes: Int64
  /// Since when the oldest of them is there to be done; `nil` where an older version wrote it down.
  public var since: Date?
  /// When the first of them is tried next; `nil` where nothing is put off.
  public var nextTryAt: Date?
  /// When the last try of one of them failed.
  public var failedAt: Date?
}

extension Journal {
  /// What is not done, and is not kept back, by album and situation; one row for thousands that wait for the same.
  /// - Throws: `JournalError`.
  public func waitingDeliveries() async throws(JournalError) -> [WaitingDeliveries] {
    try await read("Reading what waits") { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT album, kind, state, is_pushed, step, reason, reason_code, COUNT(*) AS count, SUM(bytes) AS bytes,
            MIN(added_at) AS since, MIN(next_try_at) AS next_try_at, MAX(failed_at) AS failed_at
          FROM (
            SELECT destination.id AS destination, album, delivery.kind, delivery.state, delivery.added_at,
              delivery.next_try_at, delivery.failed_at, frame.priority > 0 AS is_pushed, \(Self.step) AS step,
              \(Self.reason) AS reason, delivery.reason_code,
              COALESCE(rendition.bytes, published.bytes, original.bytes, 0) - delivery.offset AS bytes
            FROM delivery
              JOIN destination ON destination.id = delivery.destination_id
              JOIN frame ON frame.id = delivery.frame_id
              LEFT JOIN original ON original.id = delivery.original_id
              LEFT JOIN rendition ON rendition.frame_id = delivery.frame_id AND rendition.kind = delivery.kind
              LEFT JOIN published ON published.original_id = delivery.original_id
            WHERE delivery.state IN ('waiting', 'sending', 'parked'))
          GROUP BY destination, kind, state, is_pushed, step, reason, reason_code
          ORDER BY destination, failed_at DESC
          """
      ).map { row in
        WaitingDeliveries(
          situation: DeliverySituation(
            album: row["album"], kind: AssetKind(rawValue: row["kind"]) ?? .original,
            state: Delivery.State(rawValue: row["state"]) ?? .waiting, isPushed: row["is_pushed"],
            step: (row["step"] as String?).flatMap(Delivery.Step.init(rawValue:)), reason: row["reason"],
            reasonCode: row["reason_code"]),
          count: row["count"], bytes: row["bytes"],
          since: (row["since"] as Int64?).map(Date.init(milliseconds:)),
          nextTryAt: (row["next_try_at"] as Int64?).map(Date.init(milliseconds:)),
          failedAt: (row["failed_at"] as Int64?).map(Date.init(milliseconds:)))
      }
    }
  }

  /// Why a frame's retouching keeps it back, where it does and an original waits for that.
  private static let retouchingFailure = """
    CASE WHEN delivery.is_ready = 0 THEN (
      SELECT COALESCE(retouch.reason, '') FROM retouch
      WHERE retouch.frame_id = delivery.frame_id AND retouch.state = 'held') END
    """

  /// `Delivery.step` of a row of `delivery`, beside its row of `published`.
  static let step = """
    CASE WHEN delivery.state NOT IN ('waiting', 'sending') THEN NULL
      WHEN delivery.stored_at IS NOT NULL THEN 'showing'
      WHEN published.state = 'held' OR \(retouchingFailure) IS NOT NULL THEN 'failed'
      WHEN delivery.is_ready = 0 THEN 'rendering'
      WHEN published.state = 'waiting' THEN 'preparing' END
    """

  /// `Delivery.reason`: what failed on this machine is nearer than what a destination said before.
  static let reason = """
    COALESCE(published.reason, \(retouchingFailure), delivery.reason)
    """
}
