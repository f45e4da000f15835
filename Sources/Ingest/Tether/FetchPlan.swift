import Foundation
import Journal
import Model

/// Which of one camera's objects are to be fetched, and in which order: what was announced before what was missed,
/// each oldest first. A pure value, which outlives the workers: an object is known by what the journal knows it by,
/// and its number in a worker only for as long as that worker lives.
struct FetchPlan {
  /// An object that is to be fetched.
  struct Wanted: Equatable {
    let object: SourceObject
    let capture: String
    let mediaType: String?
    let seenAt: Date
    let isCatchUp: Bool
    /// Its number in the worker that is connected; `nil` until a listing or an announcement gives it.
    var id: UInt64?
    var tries = 0
    /// Not before this time.
    var notBefore: Date?
    /// When the worker was asked for it, by the count of all that it was asked for; `nil` if it was not.
    var asked: Int?

    var isUnderWay: Bool { asked != nil }
    /// Whether it lies in the camera's memory only, where it cannot wait: the reserve is for such as this.
    var isInMemory: Bool { object.folder == "/" }
    /// Whether it failed so often that it is likely to fail again, and to cost the connection.
    var isTroublesome: Bool { tries >= 3 }

    /// Nothing is put off for longer than `longestPause`: what seems to be is so by a clock that was set back since.
    func isPutOff(at now: Date) -> Bool {
      notBefore.map { now < $0 && $0 <= now + FetchPlan.longestPause } ?? false
    }
  }

  /// How many fetches a worker has at once: one under way, one that it goes on with without asking.
  static let depth = 2

  private var wanted: [Wanted] = []
  private var captures = 0
  private var asked = 0
  /// Whether the last thing that the worker said of a fetch is that it failed.
  private var hasFailed = false

  /// How many frames are not safe yet.
  var count: Int { wanted.count }

  func contains(_ object: SourceObject) -> Bool { wanted.contains { $0.object == object } }

  subscript(id: UInt64) -> Wanted? { wanted.first { $0.id == id } }

  /// Adds an object, or notes the number that an object which is already wanted has now.
  /// - Returns: what is wanted, if it was not before.
  mutating func add(
    _ object: SourceObject, id: UInt64, mediaType: String?, camera: String, isCatchUp: Bool, now: Date
  ) -> Wanted? {
    if let index = wanted.firstIndex(where: { $0.object == object }) {
      // The worker has forgotten the old number, and with it what it was asked for.
      if wanted[index].id != id { wanted[index].asked = nil }
      wanted[index].id = id
      return nil
    }
    captures += 1
    let new = Wanted(
      object: object, capture: "\(camera)/\(captures)", mediaType: mediaType, seenAt: now,
      isCatchUp: isCatchUp, id: id)
    wanted.append(new)
    return new
  }

  /// The objects to ask the worker for now; they are under way from now on.
  /// - Parameter admits: whether there is room for one of so many bytes, beside those that are under way.
  mutating func next(
    now: Date, admits: (_ bytes: Int64, _ underWay: Int64) -> Bool = { _, _ in true }
  ) -> [Wanted] {
    var underWay = wanted.reduce(0) { $0 + ($1.isUnderWay ? max(0, $1.object.bytes) : 0) }
    var room = Self.depth - wanted.count { $0.isUnderWay }
    var chosen: [Wanted] = []
    // What fails again and again comes last, so that it does not stand in the way of all others.
    for (isTroublesome, isCatchUp) in [(false, false), (false, true), (true, false), (true, true)] {
      for index in wanted.indices where room > 0 {
        let candidate = wanted[index]
        guard candidate.isCatchUp == isCatchUp, candidate.isTroublesome == isTroublesome,
          !candidate.isUnderWay, candidate.id != nil, !candidate.isPutOff(at: now),
          candidate.isInMemory || admits(max(0, candidate.object.bytes), underWay)
        else { continue }
        underWay += max(0, candidate.object.bytes)
        asked += 1
        wanted[index].asked = asked
        chosen.append(wanted[index])
        room -= 1
      }
    }
    return chosen
  }

  /// An object is safe, or will never be.
  mutating func settle(_ id: UInt64) {
    wanted.removeAll { $0.id == id }
    hasFailed = false
  }

  /// A fetch failed: it is tried again later, the later the more often it failed.
  /// - Returns: how often it has failed now.
  mutating func postpone(_ id: UInt64, now: Date) -> Int {
    guard let index = wanted.firstIndex(where: { $0.id == id }) else { return 0 }
    hasFailed = true
    wanted[index].tries += 1
    wanted[index].asked = nil
    wanted[index].notBefore = now + Self.pause(afterTries: wanted[index].tries)
    return wanted[index].tries
  }

  /// 0.2 s, doubled each time, 15 s at most.
  static func pause(afterTries tries: Int) -> TimeInterval {
    min(longestPause, 0.2 * pow(2, Double(min(tries, 10) - 1)))
  }

  private static let longestPause: TimeInterval = 15

  /// The worker is gone, and its numbers with it: what is wanted waits for the next one's listing.
  ///
  /// What it was at may be what ended it (a damaged file can hang a camera), and counts as failed; unless a failure
  /// was reported, which then is what ended it.
  mutating func forgetNumbers() {
    let underWay = wanted.indices.filter { wanted[$0].isUnderWay }
    if !hasFailed, let first = underWay.min(by: { (wanted[$0].asked ?? 0) < (wanted[$1].asked ?? 0) }) {
      wanted[first].tries += 1
    }
    hasFailed = false
    for index in wanted.indices {
      wanted[index].id = nil
      wanted[index].asked = nil
    }
  }

  /// A listing is complete: what it did not show is not there any more.
  /// - Returns: the objects that are given up.
  mutating func removeMissing() -> [Wanted] {
    let missing = wanted.filter { $0.id == nil }
    wanted.removeAll { $0.id == nil }
    return missing
  }
}
