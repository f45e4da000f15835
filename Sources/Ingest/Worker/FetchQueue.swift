import GPhoto

/// What a worker was asked to fetch, in its order: frames in the camera's memory, then what the camera announced (RAW
/// files behind what can be viewed), then what a listing showed; each in the order of asking. A pure value.
struct FetchQueue {
  /// What goes first.
  enum Rank: Int, Comparable {
    case memory, announced, raw, listed

    static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
  }

  struct Fetch: Equatable {
    let object: UInt64
    let day: String
    let inOnePiece: Bool
    let rank: Rank
    /// Where to go on, if it was begun and made room for another.
    var offset: UInt64?
    /// Whether it made room for another while what there is of it was being hashed.
    var isTakingUp = false
    /// Whether it goes on to its end, whatever else is announced: it has let enough others go first.
    var isUndisturbed = false
  }

  /// So many go before a RAW file that waits; then it is its turn.
  static let patience = 8

  private var fetches: [Fetch] = []
  /// How many went before the first RAW file that waits.
  private var passed = 0

  var isEmpty: Bool { fetches.isEmpty }

  /// Adds a fetch behind those of its rank. It takes the place of one of the same object: who asks again knows that the
  /// first was in vain (a chunk of one that rests was not written).
  mutating func add(_ fetch: Fetch) {
    fetches.removeAll { $0.object == fetch.object }
    fetches.insert(fetch, at: fetches.firstIndex { $0.rank > fetch.rank } ?? fetches.endIndex)
  }

  /// Puts back one that was begun, before the others of its rank; unless it was asked for again meanwhile.
  /// - Parameter offset: where to go on; `nil` if what there is of it is not hashed to its end.
  mutating func putBack(_ fetch: Fetch, at offset: UInt64?) {
    guard !fetches.contains(where: { $0.object == fetch.object }) else { return }
    var fetch = fetch
    fetch.offset = offset
    fetch.isTakingUp = offset == nil
    fetches.insert(fetch, at: fetches.firstIndex { $0.rank >= fetch.rank } ?? fetches.endIndex)
  }

  /// Takes out the one whose turn it is.
  mutating func next() -> Fetch? {
    guard let first = fetches.first else { return nil }
    let raw = fetches.firstIndex { $0.rank == .raw }
    guard first.rank == .announced, let raw else {
      if first.rank == .raw { passed = 0 }
      return fetches.removeFirst()
    }
    guard passed >= Self.patience else {
      passed += 1
      return fetches.removeFirst()
    }
    passed = 0
    var fetch = fetches.remove(at: raw)
    fetch.isUndisturbed = true
    return fetch
  }

  func hasMoreUrgent(than fetch: Fetch) -> Bool {
    guard let first = fetches.first else { return false }
    return fetch.isUndisturbed ? first.rank == .memory : first.rank < fetch.rank
  }
}
