import Foundation
import Journal
import Model

/// Which of one camera's objects are to be fetched, and in which order: what was announced before what was missed, what
/// can be viewed before RAW files, each oldest first. A pure value, which outlives the workers: an object is known by what the journal knows it by,
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
    /// How many bytes of it came at most, and until the last failure.
    var progress: Int64 = 0
    var progressAtFailure: Int64 = 0
    /// Not before this time.
    var notBefore: Date?
    /// Whether a complete listing did not show it: its card is not in the camera, or it was deleted there, and nothing tells
    /// which. It stays owed, and comes when its card does, in this run or the next.
    var isAway = false
    /// Whether anybody was told that the camera has it: of what an earlier run knew not before a listing shows it.
    var isTold = true
    /// When the worker was asked for it, by the count of all that it was asked for; `nil` if it was not.
    var asked: Int?

    var isUnderWay: Bool { asked != nil }
    /// Whether it is a RAW file, whose view comes sooner from the JPEG beside it. (One without a JPEG waits behind other
    /// frames' views; it would take the cable from them for longest.)
    var isRaw: Bool { MediaType.isRaw(named: object.name, type: mediaType) }
    /// Whether it lies only in the camera's memory, under a name that the library made up: it cannot wait there, and
    /// the reserve of room is for such as this.
    var isInMemory: Bool { object.isInCameraMemory }
    /// Whether to fetch it in one piece: some bodies dislike being read in parts (libgphoto2#653).
    var inOnePiece: Bool { isTroublesome && tries % 2 == 1 }
    /// Whether it failed so often that it is likely to fail again, and to cost the connection.
    var isTroublesome: Bool { tries >= 3 }

    /// Nothing is put off for longer than `longestPause`: what seems to be is so by a clock that was set back since.
    func isPutOff(at now: Date) -> Bool {
      notBefore.map { now < $0 && $0 <= now + FetchPlan.longestPause } ?? false
    }
  }

  /// How many fetches of a turn a worker has at once: one under way, one that it goes on with without asking.
  static let depth = 2

  /// Whose turn it is: the first that has something.
  private enum Turn: CaseIterable {
    case view, raw, missedView, missedRaw
    /// What fails again and again, so that it does not stand in the way of all others.
    case trouble, missedTrouble

    init(of wanted: Wanted) {
      self =
        switch (wanted.isTroublesome, wanted.isCatchUp, wanted.isRaw) {
        case (false, false, false): .view
        case (false, false, true): .raw
        case (false, true, false): .missedView
        case (false, true, true): .missedRaw
        case (true, false, _): .trouble
        case (true, true, _): .missedTrouble
        }
    }

    /// Whether something that is under way takes a place from what has this turn. What was announced waits for nothing
    /// but its like, the rest for everything.
    func waits(for other: Wanted) -> Bool {
      guard !other.isInMemory else { return false }
      switch self {
      case .view: return !other.isCatchUp && !other.isRaw
      case .raw: return !other.isCatchUp && other.isRaw
      case .missedView, .missedRaw, .trouble, .missedTrouble: return true
      }
    }
  }

  private var wanted: [Wanted] = []
  private var objects: Set<SourceObject> = []
  private let link: Int
  private var captures = 0
  private var asked = 0
  /// Whether the last thing that the worker said of a fetch is that it failed.
  private var hasFailed = false

  /// - Parameter link: what tells captures of this plan from those of others for the same camera.
  init(link: Int = 1) {
    self.link = link
  }

  /// How many frames that the camera has are not safe yet.
  var count: Int { wanted.count { !$0.isAway } }

  func contains(_ object: SourceObject) -> Bool { objects.contains(object) }

  subscript(id: UInt64) -> Wanted? { wanted.first { $0.id == id } }

  /// How many are owed that the camera has not got, as far as anybody can tell.
  var asideCount: Int { wanted.count { $0.isAway } }

  /// Adds an object, or notes the number that an object which is already wanted has now.
  /// - Returns: what is wanted, if nobody was told of it before.
  mutating func add(
    _ object: SourceObject, id: UInt64, mediaType: String?, camera: String, isCatchUp: Bool, now: Date
  ) -> Wanted? {
    if contains(object), let index = wanted.firstIndex(where: { $0.object == object }) {
      // The worker has forgotten the old number, and with it what it was asked for.
      if wanted[index].id != id { wanted[index].asked = nil }
      wanted[index].id = id
      wanted[index].isAway = false
      guard !wanted[index].isTold else { return nil }
      wanted[index].isTold = true
      return wanted[index]
    }
    return insert(
      OwedObject(object: object, mediaType: mediaType, isCatchUp: isCatchUp, seenAt: now), id: id,
      camera: camera)
  }

  /// Adds what an earlier worker, or an earlier run, knew of and did not get. A listing gives the numbers.
  mutating func restore(_ owed: [OwedObject], camera: String) {
    for owed in owed where !contains(owed.object) { _ = insert(owed, id: nil, camera: camera) }
  }

  private mutating func insert(_ owed: OwedObject, id: UInt64?, camera: String) -> Wanted {
    captures += 1
    let new = Wanted(
      object: owed.object, capture: "\(camera)/\(link)-\(captures)", mediaType: owed.mediaType,
      seenAt: owed.seenAt, isCatchUp: owed.isCatchUp, id: id, isTold: id != nil)
    wanted.append(new)
    objects.insert(owed.object)
    return new
  }

  /// So many bytes of an object have come.
  mutating func note(progress bytes: Int64, of id: UInt64) {
    guard let index = wanted.firstIndex(where: { $0.id == id }) else { return }
    wanted[index].progress = max(wanted[index].progress, bytes)
  }

  /// The objects to ask the worker for now; they are under way from now on.
  ///
  /// What lies only in the camera's memory is asked for at once, however much is under way: the camera tells nothing
  /// more until it is fetched. What was announced does not wait for what was missed, nor for RAW files: the worker lets
  /// it go first, and sees to it that RAW files have their turn.
  /// - Parameter onlyMemory: whether nothing else is asked for.
  /// - Parameter admits: whether there is room for one, beside so many bytes that are under way. What lies
  ///   only in the camera's memory is not asked about.
  mutating func next(
    now: Date, onlyMemory: Bool = false,
    admits: (_ wanted: Wanted, _ underWay: Int64) -> Bool = { _, _ in true }
  ) -> [Wanted] {
    var underWay = wanted.reduce(0) { $0 + ($1.isUnderWay ? max(0, $1.object.bytes) : 0) }
    var chosen: [Wanted] = []
    func ask(_ index: Int) {
      asked += 1
      wanted[index].asked = asked
      chosen.append(wanted[index])
    }
    func isReady(_ candidate: Wanted) -> Bool {
      !candidate.isUnderWay && candidate.id != nil && !candidate.isPutOff(at: now)
    }
    for index in wanted.indices where wanted[index].isInMemory && isReady(wanted[index]) { ask(index) }
    guard !onlyMemory else { return chosen }
    for turn in Turn.allCases {
      // Counted once, and not for each candidate: a card that is caught up with has thousands of them, and this is asked with
      // every report.
      var ahead = wanted.count { $0.isUnderWay && turn.waits(for: $0) }
      for index in wanted.indices where ahead < Self.depth && isReady(wanted[index]) {
        let candidate = wanted[index]
        guard Turn(of: candidate) == turn, admits(candidate, underWay) else { continue }
        underWay += max(0, candidate.object.bytes)
        ask(index)
        if turn.waits(for: candidate) { ahead += 1 }
      }
    }
    return chosen
  }

  /// An object is safe, or will never be.
  mutating func settle(_ id: UInt64) {
    remove { $0.id == id }
    hasFailed = false
  }

  private mutating func remove(where isToGo: (Wanted) -> Bool) {
    for gone in wanted where isToGo(gone) { objects.remove(gone.object) }
    wanted.removeAll(where: isToGo)
  }

  /// A fetch failed: it is tried again later, the later the more often it failed.
  /// - Returns: how often it has failed now.
  mutating func postpone(_ id: UInt64, now: Date) -> Int {
    guard let index = wanted.firstIndex(where: { $0.id == id }) else { return 0 }
    hasFailed = true
    wanted[index].fail()
    wanted[index].asked = nil
    wanted[index].notBefore = now + Self.pause(afterTries: wanted[index].tries)
    return wanted[index].tries
  }

  /// The worker does not find an object under its number: a listing gives it another one, or shows that it is gone.
  /// - Returns: how often it has failed now.
  mutating func lose(_ id: UInt64, now: Date) -> Int {
    let tries = postpone(id, now: now)
    if let index = wanted.firstIndex(where: { $0.id == id }) { wanted[index].id = nil }
    return tries
  }

  /// Whether something is wanted that only the camera's memory has.
  var hasMemoryFrames: Bool { wanted.contains(where: \.isInMemory) }

  /// 0.2 s, doubled each time, 15 s at most.
  static func pause(afterTries tries: Int) -> TimeInterval {
    min(longestPause, 0.2 * pow(2, Double(min(tries, 10) - 1)))
  }

  private static let longestPause: TimeInterval = 15

  /// The worker is gone, and its numbers with it: what is wanted waits for the next one's listing.
  ///
  /// What it was at may be what ended it (a damaged file can hang a camera), and counts as failed; unless a failure
  /// was reported, which then is what ended it.
  /// - Parameter wasWanted: whether it was us who ended the worker, which is no file's fault.
  mutating func forgetNumbers(wasWanted: Bool = false) {
    let underWay = wanted.indices.filter { wanted[$0].isUnderWay }
    if !hasFailed, !wasWanted,
      let first = underWay.min(by: { (wanted[$0].asked ?? 0) < (wanted[$1].asked ?? 0) })
    {
      wanted[first].fail()
    }
    hasFailed = false
    for index in wanted.indices {
      wanted[index].id = nil
      wanted[index].asked = nil
    }
  }

  /// A listing is complete: what it did not show is waited for no longer. What was in the camera's memory is lost; the rest
  /// stays known, for when a listing shows it.
  /// - Returns: what was waited for until now.
  mutating func setMissingAside() -> [Wanted] {
    let missing = wanted.filter { $0.id == nil && !$0.isAway }
    remove { $0.id == nil && $0.isInMemory }
    for index in wanted.indices where wanted[index].id == nil { wanted[index].isAway = true }
    return missing
  }
}

extension FetchPlan.Wanted {
  /// One failure more; the first again if more of it had come than ever before: on a bad cable a long file comes
  /// piece by piece.
  fileprivate mutating func fail() {
    if progress > progressAtFailure { tries = 0 }
    progressAtFailure = progress
    tries += 1
  }
}

extension SourceObject {
  /// Whether the object lies only in the camera's memory (`/capt0000.jpg`): no listing shows it, and when the
  /// connection breaks it is lost.
  var isInCameraMemory: Bool { folder == "/" }
}
