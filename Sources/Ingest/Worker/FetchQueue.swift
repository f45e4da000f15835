import GPhoto

/// What a worker was asked to fetch, in its order: frames in the camera's memory, then what the camera announced, then
/// what a listing showed; each in the order of asking. A pure value.
struct FetchQueue {
  /// What goes first.
  enum Rank: Int, Comparable {
    case memory, announced, listed

    static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
  }

  struct Fetch: Equatable {
    let object: UInt64
    let day: String
    let inOnePiece: Bool
    let rank: Rank
    /// Where to go on, if it was begun and made room for another.
    var offset: UInt64?
  }

  private var fetches: [Fetch] = []

  var isEmpty: Bool { fetches.isEmpty }

  /// Adds a fetch behind those of its rank. One that is here already is not asked for twice.
  mutating func add(_ fetch: Fetch) {
    guard !fetches.contains(where: { $0.object == fetch.object }) else { return }
    fetches.insert(fetch, at: fetches.firstIndex { $0.rank > fetch.rank } ?? fetches.endIndex)
  }

  /// Puts back one that was begun, before the others of its rank.
  mutating func putBack(_ fetch: Fetch, at offset: UInt64) {
    var fetch = fetch
    fetch.offset = offset
    fetches.insert(fetch, at: fetches.firstIndex { $0.rank >= fetch.rank } ?? fetches.endIndex)
  }

  /// Takes the first out.
  mutating func next() -> Fetch? { fetches.isEmpty ? nil : fetches.removeFirst() }

  func hasMoreUrgent(than fetch: Fetch) -> Bool { fetches.first.map { $0.rank < fetch.rank } ?? false }
}
