public import Journal
public import Model
import Synchronization

/// The gate before the spool: whether there is room for new originals, decided before the disk is full.
///
/// Somebody measures once in a while (`measure`); in between what was let in is counted. Frames that are not let in wait
/// on the card.
public final class SpoolRoom: Sendable {
  /// How much room there is for new originals.
  public enum Level: String, Codable, Sendable {
    case plenty
    /// Time to make room: less than four times the reserve beyond it.
    case low
    /// New frames are not taken.
    case none
  }

  /// What a measurement showed.
  public struct Sight: Hashable, Sendable {
    public var disk: DiskRoom
    /// Bytes that new originals may still take.
    public var forOriginals: Int64
    public var level: Level
  }

  /// What an original is told.
  enum Answer: Hashable, Sendable {
    case comeIn
    /// There is no room for frames.
    case wait
    /// There is room for so many bytes: others come in, and this one waits.
    case tooLarge(room: Int64)
  }

  private struct State {
    var available: Int64?
    /// Let in since the last measurement.
    var admitted: Int64 = 0
    /// What an ordinary frame that waits needs; `nil` if none does.
    var needed: Int64?
    /// From how many bytes on an original is one of its own, which says nothing of room for others.
    var large: Int64 = .max
    var level = Level.plenty
  }

  /// No single frame of a camera is longer, in bytes; clips are.
  private static let largeFrame: Int64 = 128 << 20

  private let spool: Spool
  private let reserve: Int64?
  private let state = Mutex(State())

  /// - Parameter reserve: bytes that new originals leave free; `nil` is `DiskRoom.reserve`.
  public init(spool: Spool, reserve: Int64? = nil) {
    self.spool = spool
    self.reserve = reserve
  }

  /// Whether an original may come in now. Before the first measurement every one may.
  /// - Parameter underWay: bytes of those that were let in and are not safe yet.
  func admits(_ bytes: Int64, beside underWay: Int64) -> Answer {
    state.withLock { state in
      guard let available = state.available else { return .comeIn }
      let room = available - state.admitted - underWay
      guard room < bytes else {
        state.admitted += bytes
        return .comeIn
      }
      guard bytes < state.large || room <= 0 else { return .tooLarge(room: room) }
      state.needed = min(bytes, state.needed ?? bytes)
      return .wait
    }
  }

  /// Takes that the disk refused an original after all: somebody else was faster. Until the next measurement there is room
  /// for less than that.
  func refused(_ bytes: Int64) {
    state.withLock { state in
      state.available = min(state.available ?? .max, bytes - 1)
      if bytes < state.large { state.needed = min(bytes, state.needed ?? bytes) }
    }
  }

  /// Looks at the disk. Blocks.
  /// - Throws: `JournalError`.
  public func measure() throws(JournalError) -> Sight {
    let disk = try spool.room()
    let reserve = self.reserve ?? disk.reserve
    let available = disk.free - reserve
    return state.withLock { state in
      state.available = available
      state.admitted = 0
      state.large = max(reserve / 4, Self.largeFrame)
      // A little more than just enough: nobody is told of room for one frame.
      if let needed = state.needed, available >= max(needed, reserve / 4) { state.needed = nil }
      let enough = state.level == .plenty ? reserve * 4 : reserve * 5
      state.level = state.needed != nil || available <= 0 ? .none : available < enough ? .low : .plenty
      return Sight(disk: disk, forOriginals: max(0, available), level: state.level)
    }
  }
}
