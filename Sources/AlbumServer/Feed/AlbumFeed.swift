import NIOCore
import Synchronization

/// The last changes of one album in memory, and who is watching.
///
/// A viewer that is registered before it reads misses nothing: a change after that is either in what it reads or
/// signalled, and the numbers keep it from being sent twice.
final class AlbumFeed: Sendable {
  /// What a feed has after a position.
  enum Answer: Sendable {
    case nothing
    /// Events in order, and the number of the last.
    case events([ByteBuffer], through: Int64)
    /// The position is older than what is in memory, which is every change after `floor`: the store has the rest.
    case older(floor: Int64)
  }

  private struct State {
    /// Every change after this number is in `changes`.
    var floor: Int64
    var changes: [(seq: Int64, event: ByteBuffer)] = []
    var viewers: [ObjectIdentifier: Viewer] = [:]

    var last: Int64 { changes.last?.seq ?? floor }

    mutating func forget(through seq: Int64) {
      changes.removeAll()
      floor = seq
    }
  }

  /// Changes kept in memory: at ten frames a second with three changes each, about a quarter of a minute.
  private static let capacity = 512

  private let state: Mutex<State>

  /// - Parameter position: the album's sequence number at this moment.
  init(position: Int64) {
    state = Mutex(State(floor: position))
  }

  var viewerCount: Int { state.withLock { $0.viewers.count } }

  var position: Int64 { state.withLock { $0.last } }

  func add(_ viewer: Viewer) {
    state.withLock { $0.viewers[ObjectIdentifier(viewer)] = viewer }
  }

  func remove(_ viewer: Viewer) {
    _ = state.withLock { $0.viewers.removeValue(forKey: ObjectIdentifier(viewer)) }
  }

  func changes(after position: Int64) -> Answer {
    state.withLock { state in
      guard position >= state.floor else { return .older(floor: state.floor) }
      let newer = state.changes.drop { $0.seq <= position }
      guard let last = newer.last else { return .nothing }
      return .events(newer.map(\.event), through: last.seq)
    }
  }

  /// A change of this process; they come in order.
  func publish(_ event: ByteBuffer, seq: Int64) {
    let viewers = state.withLock { state -> [Viewer] in
      guard seq > state.last else { return [] }
      if seq == state.last + 1 {
        state.changes.append((seq, event))
      } else {
        // Another process published in between.
        state.forget(through: seq)
      }
      if state.changes.count > 2 * Self.capacity {
        let surplus = state.changes.count - Self.capacity
        state.floor = state.changes[surplus - 1].seq
        state.changes.removeFirst(surplus)
      }
      return Array(state.viewers.values)
    }
    for viewer in viewers { viewer.changed() }
  }

  /// What the store says of the album: a higher number than ours comes from another process on the same folder.
  func catchUp(to seq: Int64) {
    let viewers = state.withLock { state -> [Viewer] in
      guard seq > state.last else { return [] }
      state.forget(through: seq)
      return Array(state.viewers.values)
    }
    for viewer in viewers { viewer.changed() }
  }

  func beat() {
    for viewer in state.withLock({ Array($0.viewers.values) }) { viewer.beat() }
  }
}
