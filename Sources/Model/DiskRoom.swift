public import Glibc

/// The room on a file system, and how much of it each of its users leaves to those that matter more.
///
/// A disk fills from both sides: new originals come in, and copies of them go into an album on the same disk. Who stops
/// when is one rule in one place: new originals first, since they are safe on the card; then the album's copies; then
/// renditions; what is left is for the databases, which write down what is safe.
public struct DiskRoom: Hashable, Sendable {
  /// Bytes that an ordinary program may still write.
  public var free: Int64
  /// Bytes of the whole file system.
  public var total: Int64

  public init(free: Int64, total: Int64) {
    self.free = free
    self.total = total
  }

  /// As the kernel says it.
  public init(_ figures: statvfs) {
    let block = UInt64(figures.f_frsize)
    free = Int64(clamping: UInt64(figures.f_bavail) &* block)
    total = Int64(clamping: UInt64(figures.f_blocks) &* block)
  }

  /// What new originals leave free if nothing else is asked for: 256 MiB, or a twentieth of a small disk.
  public var reserve: Int64 { min(256 << 20, total / 20) }

  /// What copies in an album leave free: a quarter of `reserve`.
  public var albumReserve: Int64 { reserve / 4 }

  /// What renditions leave free: an eighth of `reserve`.
  public var renditionReserve: Int64 { reserve / 8 }
}
