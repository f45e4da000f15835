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
    var isUnderWay = false
  }

  /// How many fetches a worker has at once: one under way, one that it goes on with without asking.
  static let depth = 2

  private var wanted: [Wanted] = []
  private var captures = 0

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
  mutating func next(now: Date) -> [Wanted] {
    var room = Self.depth - wanted.count { $0.isUnderWay }
    var chosen: [Wanted] = []
    for isCatchUp in [false, true] {
      for index in wanted.indices where room > 0 {
        let candidate = wanted[index]
        guard candidate.isCatchUp == isCatchUp, !candidate.isUnderWay, candidate.id != nil,
          candidate.notBefore.map({ $0 <= now }) ?? true
        else { continue }
        wanted[index].isUnderWay = true
        chosen.append(wanted[index])
        room -= 1
      }
    }
    return chosen
  }

  /// An object is safe, or will never be.
  mutating func settle(_ id: UInt64) {
    wanted.removeAll { $0.id == id }
  }

  /// A fetch failed: it is tried again later, the later the more often it failed.
  /// - Returns: how often it has failed now.
  mutating func postpone(_ id: UInt64, now: Date) -> Int {
    guard let index = wanted.firstIndex(where: { $0.id == id }) else { return 0 }
    wanted[index].tries += 1
    wanted[index].isUnderWay = false
    wanted[index].notBefore = now + Self.pause(afterTries: wanted[index].tries)
    return wanted[index].tries
  }

  /// 0.2 s, doubled each time, 15 s at most.
  static func pause(afterTries tries: Int) -> TimeInterval {
    min(15, 0.2 * pow(2, Double(min(tries, 10) - 1)))
  }

  /// The worker is gone, and its numbers with it: what is wanted waits for the next one's listing.
  mutating func forgetNumbers() {
    for index in wanted.indices {
      wanted[index].id = nil
      wanted[index].isUnderWay = false
      wanted[index].notBefore = nil
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
