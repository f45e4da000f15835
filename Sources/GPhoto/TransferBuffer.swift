import Glibc

/// Memory for a chunk of a file, with a page behind it that nobody may touch.
///
/// libgphoto2's ptp2 driver copies whatever a camera sends into the buffer it was given, unchecked. A camera that
/// sends too much ends the process at the guard page instead of writing over its memory; a worker that ends so is
/// started again.
public final class TransferBuffer {
  /// The first byte.
  public let start: UnsafeMutableRawPointer
  /// How many bytes fit; a multiple of the page size.
  public let capacity: Int
  private let mapped: Int

  /// - Parameter bytes: the least capacity.
  /// - Returns: `nil` if there is no memory.
  public init?(bytes: Int) {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    capacity = (max(1, bytes) + page - 1) / page * page
    mapped = capacity + page
    guard let start = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      start != MAP_FAILED
    else { return nil }
    guard mprotect(start + capacity, page, PROT_NONE) == 0 else {
      munmap(start, mapped)
      return nil
    }
    self.start = start
  }

  deinit {
    munmap(start, mapped)
  }
}
