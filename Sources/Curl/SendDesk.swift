/// What the transfers of a client share: the budget that limits how fast they send, the queue of those that wait for it, and
/// when the network last changed. Lives on the loop's thread only.
final class SendDesk {
  private var budget = SendBudget(now: .now)
  /// In the order in which they asked, so that each has its turn.
  private var waiting: [Transfer] = []
  /// Who was told to go on and has not asked yet.
  private var turn: Transfer?
  private var networkChangedAt: ContinuousClock.Instant?

  /// After this, connections that were there before are long gone of old age.
  private static let memory = Duration.seconds(600)

  func setLimit(_ bytesPerSecond: Double?) {
    budget.bytesPerSecond = bytesPerSecond
  }

  func networkChanged(now: ContinuousClock.Instant) {
    networkChangedAt = now
  }

  /// How long ago the network changed; `nil` if it does not matter any more.
  func networkAge(now: ContinuousClock.Instant) -> Duration? {
    networkChangedAt.map { $0.duration(to: now) }.flatMap { $0 < Self.memory ? $0 : nil }
  }

  /// How many bytes a transfer may send now; with 0 it waits for its turn.
  func take(_ wanted: Int, for transfer: Transfer) -> Int {
    let isItsTurn = turn === transfer || (turn == nil && waiting.isEmpty)
    if turn === transfer { turn = nil }
    let count = isItsTurn ? budget.take(wanted, now: .now) : 0
    if count == 0 { waiting.append(transfer) }
    return count
  }

  /// Takes that a transfer has ended, or does not want to send for now.
  func forget(_ transfer: Transfer) {
    waiting.removeAll { $0 === transfer }
    if turn === transfer { turn = nil }
  }

  /// Lets the one go on that has waited longest, if the budget has something for it.
  func serve() {
    guard turn == nil, !waiting.isEmpty, budget.wait(now: .now) <= .zero else { return }
    let first = waiting.removeFirst()
    turn = first
    first.goOn()
  }

  /// Milliseconds until `serve` has something to do; `nil` while nobody waits.
  var nextTurn: Int? {
    waiting.isEmpty ? nil : max(1, budget.wait(now: .now).milliseconds + 1)
  }
}
