public import Journal
public import Model

/// What happens to deliveries, as it happens.
public enum DeliveryEvent: Sendable {
  /// A destination has all of an asset, and the journal has written that down.
  case sent(Sent)
  /// Bytes given to the sockets for an album in the last second; 0 once when it comes to rest.
  case progress(album: String, bytesPerSecond: Int64)
  /// A destination makes a file of its parts, which may take minutes without a sign; told once a second while it does.
  case assembling(album: String)
  /// A destination rests until a time; deliveries wait for it.
  case waiting(Waiting)
  /// How a destination does has changed.
  case standing(album: String, DestinationStanding)
  /// One delivery is put off, and others go on.
  case postponed(Delivery, DeliveryReason)
  /// One delivery waits for a person.
  case parked(Delivery, DeliveryReason)
  /// This machine's clock is ahead of a server's by so many seconds (negative: behind), and by too much; told once in a run.
  case clockIsWrong(seconds: Double)
  /// The journal could not be read or written; deliveries rest and then try again.
  case journalFailed(album: String, JournalError)

  /// An asset that has arrived.
  public struct Sent: Hashable, Sendable {
    public var album: String
    /// SHA-256 of the frame's first original.
    public var frame: ContentHash
    /// The file name of the original that was sent, or that a rendition shows.
    public var name: String
    public var kind: AssetKind
    /// SHA-256 of the asset's bytes.
    public var sha256: ContentHash
    /// The asset's length in bytes.
    public var bytes: Int64
    /// Since the camera announced the frame, by this machine's clock; `nil` where nobody announced it.
    public var milliseconds: Int?
  }

  /// What a resting destination holds up.
  public struct Waiting: Hashable, Sendable {
    public var album: String
    /// Deliveries that are not done, and their bytes that are not acknowledged.
    public var count: Int
    public var bytes: Int64
    public var reason: DeliveryReason
    /// How long it rests.
    public var delay: Duration
  }
}
