/// How many originals go at once to a destination: as many as raise the goodput, found by trying.
///
/// One TCP stream that loses packets fills a small part of a link, and eight fill more of it; on a link that one fills, more of them
/// only end later. So a count is tried for some seconds, then another, and the better one stays for a while.
struct TransferCount: Hashable, Sendable {
  /// How many go at once now.
  private(set) var count: Int
  /// Whether only one count is allowed.
  let isFixed: Bool
  private let first: Int

  /// What the count that is held has shown; `nil` while that is being measured.
  private var held: Trial?
  private var trial: Trial
  /// Seconds until another count is tried.
  private var patience = 0
  /// Whether the next try is with more.
  private var triesMore = true

  /// A count, and what went in so many seconds with it.
  private struct Trial: Hashable {
    var count: Int
    var seconds = 0
    var bytes: Int64 = 0

    var rate: Double { Double(bytes) / Double(max(1, seconds - TransferCount.settling)) }
  }

  static let range = 2...16
  /// The first count where the system's congestion control takes every loss for a full link: eight lose less by it than one.
  static let start = 8
  /// The first count with BBR: one fills a link, and some more fill the pauses between requests. Many at once overrun its queue.
  static let startWithBBR = 4
  /// Seconds of a trial that do not count: connections start slowly, and the kernel's buffers fill at once.
  private static let settling = 1
  private static let measuring = 2
  /// Seconds between one finding and the next try.
  private static let holding = 30
  /// What more of them must gain to be worth it, and what fewer may lose.
  private static let gain = 1.1
  private static let loss = 0.97

  /// - Parameters:
  ///   - fixed: always this many; `nil` finds out.
  ///   - start: how many are tried first.
  init(fixed: Int? = nil, start: Int = Self.start) {
    isFixed = fixed != nil
    first = start
    count = fixed ?? start
    trial = Trial(count: count)
    // Each new connection overruns the link for a moment: with BBR there is little to find, and no hurry.
    patience = start == Self.startWithBBR ? Self.holding : 0
  }

  /// Takes what went in one second.
  /// - Parameter isFull: whether all of that second so many were under way that wanted to send.
  mutating func second(bytes: Int64, isFull: Bool) {
    guard !isFixed else { return }
    guard isFull else {
      // Nothing is learnt of a count that was not used; a trial begins again.
      trial = Trial(count: count)
      return
    }
    if patience > 0 {
      patience -= 1
      if patience == 0 { begin() }
      return
    }
    trial.seconds += 1
    if trial.seconds > Self.settling { trial.bytes += bytes }
    if trial.seconds >= Self.settling + Self.measuring { judge() }
  }

  private mutating func judge() {
    guard let held else {
      self.held = trial
      tryNext()
      return
    }
    let isMore = trial.count > held.count
    if isMore ? trial.rate > held.rate * Self.gain : trial.rate >= held.rate * Self.loss {
      self.held = trial
      triesMore = isMore
      tryNext()
    } else if isMore, held.count == first {
      // The first step up brought nothing: perhaps fewer do as well.
      triesMore = false
      tryNext()
    } else {
      hold(held.count, triesMore: !isMore)
    }
  }

  private mutating func tryNext() {
    guard let held else { return }
    let next = triesMore ? held.count * 2 : held.count / 2
    guard Self.range.contains(next) else { return hold(held.count, triesMore: !triesMore) }
    count = next
    trial = Trial(count: next)
  }

  private mutating func hold(_ count: Int, triesMore: Bool) {
    self.count = count
    self.triesMore = triesMore
    patience = Self.holding
  }

  /// The link may have changed meanwhile: the held count is measured anew before another is tried.
  private mutating func begin() {
    held = nil
    trial = Trial(count: count)
  }
}
