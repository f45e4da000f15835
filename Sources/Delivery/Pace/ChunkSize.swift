/// How many bytes one request carries: what the link takes in a few seconds, so that an acknowledgement is never far away and
/// the pause between two requests costs little.
struct ChunkSize: Hashable, Sendable {
  /// Bytes of the next request.
  private(set) var bytes: Int64
  private var ceiling: Int64

  /// The least and most of a chunk on a link.
  static let range: ClosedRange<Int64> = 256 << 10...16 << 20
  /// How long a chunk should take.
  static let aim = Duration.seconds(5)

  /// - Parameter isLoopback: whether the destination is this machine: a file then goes whole.
  init(isLoopback: Bool) {
    // A camera's JPEG: most servers keep what arrived of a torn request, so that a large first one risks little.
    bytes = isLoopback ? .max : 4 << 20
    ceiling = isLoopback ? .max : Self.range.upperBound
  }

  /// Takes what a chunk of `count` bytes took: towards the aim, at most fourfold in one step.
  mutating func acknowledged(_ count: Int64, in duration: Duration) {
    // A file's last bytes say little about the link.
    guard ceiling != .max, count >= min(bytes, Self.range.lowerBound), duration > .zero else { return }
    let aimed = Double(count) * (Self.aim / duration)
    bytes = clamp(Int64(min(aimed, Double(bytes) * 4, Double(Self.range.upperBound))))
  }

  /// Takes that a transfer broke: less is at stake next time.
  mutating func broke() {
    guard ceiling != .max else { return }
    bytes = clamp(bytes / 2)
  }

  /// Takes that a request of this many bytes was refused as too large.
  mutating func refused(_ count: Int64) {
    ceiling = max(Self.range.lowerBound, min(ceiling, count / 2))
    bytes = clamp(bytes)
  }

  private func clamp(_ bytes: Int64) -> Int64 {
    min(max(bytes, Self.range.lowerBound), ceiling)
  }
}
