/// Whose turn it is, of several that want the same place: each in turn, whoever had none for longest first.
///
/// What one of them has waiting, however much, delays each of the others by one turn.
public struct Turns: Hashable, Sendable {
  private var turns: [String: Int] = [:]
  private var last = 0

  public init() {}

  /// Takes that somebody has had a turn.
  public mutating func took(_ name: String) {
    last += 1
    turns[name] = last
  }

  /// Puts what waits into the order in which it should go: the first of everybody, whoever waits longest first, then
  /// the second of everybody, and so on. What belongs to the same one keeps its order.
  /// - Parameter name: whom something belongs to; `nil` for what goes before everybody's.
  public func order<Element>(_ waiting: [Element], of name: (Element) -> String?) -> [Element] {
    var first: [Element] = []
    var queues: [(turn: Int, waiting: [Element])] = []
    var indices: [String: Int] = [:]
    for element in waiting {
      guard let name = name(element) else {
        first.append(element)
        continue
      }
      if let index = indices[name] {
        queues[index].waiting.append(element)
      } else {
        indices[name] = queues.count
        queues.append((turns[name] ?? 0, [element]))
      }
    }
    // Of those that had no turn yet the one that was named first comes first.
    let inTurn = queues.enumerated().sorted { ($0.element.turn, $0.offset) < ($1.element.turn, $1.offset) }
      .map(\.element.waiting)
    let rounds = inTurn.map(\.count).max() ?? 0
    return first
      + (0..<rounds).flatMap { round in inTurn.compactMap { round < $0.count ? $0[round] : nil } }
  }
}
