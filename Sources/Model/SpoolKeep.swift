/// How long originals stay in the spool after they are delivered everywhere (`spool.keep`).
///
/// Whatever it is, an original that is not delivered everywhere stays.
public enum SpoolKeep: Hashable, Sendable {
  /// For ever: a person looks after the room.
  case forever
  /// Until they are delivered everywhere.
  case delivered
  /// So many days after the last of their deliveries.
  case days(Int)
  /// While so many bytes of the disk are free; the oldest go first.
  case room(Int64)

  /// What is said to somebody who wrote something else.
  public static let needed = "forever, delivered, days:N or room:SIZE (room:20GB) is needed."

  /// Reads `forever`, `delivered`, `days:N` (1 or more) or `room:SIZE`; `nil` for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts[0], parts.count) {
    case ("forever", 1): self = .forever
    case ("delivered", 1): self = .delivered
    case ("days", 2):
      guard let days = Int(parts[1]), (1...36_500).contains(days) else { return nil }
      self = .days(days)
    case ("room", 2):
      guard let bytes = ByteCount.parse(parts[1]), bytes > 0 else { return nil }
      self = .room(bytes)
    default: return nil
    }
  }
}
