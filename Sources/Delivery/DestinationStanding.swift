public import Foundation

/// How a destination does, beyond its single deliveries: what holds up also those that were not tried.
public struct DestinationStanding: Codable, Hashable, Sendable {
  /// Something that failed and is tried again.
  public struct Pause: Codable, Hashable, Sendable {
    public var reason: DeliveryReason
    /// When it is tried again; `nil`, or past, while it is being tried.
    public var until: Date?

    public init(_ reason: DeliveryReason, until: Date?) {
      self.reason = reason
      self.until = until
    }
  }

  /// Why nothing goes there now; `nil` once it has answered as it should.
  public var rest: Pause?
  /// Why guests are not shown what has all arrived there (a bucket album's feed could not be written).
  public var showing: Pause?
  /// Why no originals go there, but those of frames that a person has pushed to the front.
  public var heldOriginals: DeliveryReason?

  public init(rest: Pause? = nil, showing: Pause? = nil, heldOriginals: DeliveryReason? = nil) {
    self.rest = rest
    self.showing = showing
    self.heldOriginals = heldOriginals
  }
}
