import GPhoto

/// Notices frames that the camera did not announce, by the room on its cards: some Sony bodies stop announcing after a
/// handful of frames (gphoto2#613), and every driver drops an event now and then. A pure value.
///
/// It keeps an account from one quiet moment to the next: what has gone from the cards, and what the announced frames take
/// of it. In the middle of a burst the two are never quite even, since a frame is written before it is announced.
struct RoomWatch {
  /// How much more room than its length a file may take for all that is known: the largest clusters that cards are
  /// formatted with.
  static let slack: UInt64 = 256 << 10

  private var last: [CameraStorage] = []
  /// The account: bytes that have gone, frames that fit no longer by the camera's guess, and what was announced.
  private var goneBytes: UInt64 = 0
  private var goneFrames: UInt64 = 0
  private var announced: [UInt64] = []
  /// Of each card, the greatest power of two that all changes of its room are multiples of: its clusters' size, sooner or
  /// later; 0 before the first change.
  private var steps: [UInt64] = []
  /// How many looks found less room than the one before.
  private var changes = 0
  private var smallest: UInt64?
  /// What goes besides frames, by what listings showed that found none.
  private var tolerance: UInt64 = 0

  /// The cards are known as they are now, and nothing is unexplained.
  mutating func settle(_ storages: [CameraStorage]) {
    look(storages)
    (goneBytes, goneFrames, announced) = (0, 0, [])
  }

  /// A frame was announced, which explains that there is less room.
  mutating func frameAnnounced(bytes: UInt64) {
    announced.append(bytes)
    if bytes > 0 { smallest = min(smallest ?? bytes, bytes) }
  }

  /// Takes the room as it is now. Room that comes back (a frame was deleted) explains nothing that has gone.
  mutating func look(_ storages: [CameraStorage]) {
    defer { last = storages }
    guard last.map(\.folder) == storages.map(\.folder), last.map(\.capacity) == storages.map(\.capacity)
    else {
      // Another card.
      (goneBytes, goneFrames, announced, steps) = (0, 0, [], storages.map { _ in 0 })
      return
    }
    let gone = (goneBytes, goneFrames)
    defer { if gone != (goneBytes, goneFrames) { changes += 1 } }
    for (index, (before, now)) in zip(last, storages).enumerated() {
      if let before = before.free, let now = now.free, before != now {
        let bits = steps[index] | (before > now ? before - now : now - before)
        steps[index] = bits & (~bits &+ 1)
        if now < before { goneBytes = goneBytes.addingReportingOverflow(before - now).partialValue }
      }
      if let before = before.freeFrames, let now = now.freeFrames, now < before {
        goneFrames = goneFrames.addingReportingOverflow(before - now).partialValue
      }
    }
  }

  /// Whether a frame may have gone unannounced: more has gone than the announced frames take, by half a frame at least; or
  /// a frame could hide in how little is known of the clusters yet.
  var isInDoubt: Bool {
    guard last.contains(where: { $0.free != nil }) else { return goneFrames > announced.count }
    let (frame, taken) = (smallest ?? .max, taken)
    if goneBytes > 0, changes < Self.changesToKnow, taken > goneBytes, taken - goneBytes >= frame {
      return true
    }
    return unexplained > max(2 * (step ?? 0), min(Self.slack, frame / 2)) + tolerance
  }

  /// After so many changes what they are all multiples of is the clusters' size, or so near to it that it does not matter.
  private static let changesToKnow = 8

  /// A listing was made because of what was unexplained, and found nothing: cameras write catalogues and the like, too.
  mutating func wasInVain(_ excess: UInt64) {
    tolerance = min(max(tolerance * 2, excess), Self.greatestTolerance)
  }

  private static let greatestTolerance: UInt64 = 1 << 30

  /// Bytes that have gone and that no announced frame takes.
  var unexplained: UInt64 { goneBytes - min(goneBytes, taken) }

  /// Bytes that the announced frames take at most.
  private var taken: UInt64 {
    let step = step
    return announced.reduce(0) { sum, bytes in
      let whole = step.map { bytes.addingReportingOverflow($0 - 1).partialValue / $0 * $0 }
      return sum.addingReportingOverflow(whole ?? bytes.addingReportingOverflow(Self.slack).partialValue)
        .partialValue
    }
  }

  /// The clusters' size at most; `nil` while it can be anything.
  private var step: UInt64? {
    let known = steps.filter { $0 > 0 }
    guard let most = known.max(), most <= Self.slack else { return nil }
    return most
  }

  /// Whether the room tells that nothing was shot and nothing deleted between two looks; a camera that does not say
  /// its room never tells.
  static func isUntouched(_ before: [CameraStorage], _ now: [CameraStorage]) -> Bool {
    let (before, now) = (before.compactMap(\.free), now.compactMap(\.free))
    return !before.isEmpty && before == now
  }
}
