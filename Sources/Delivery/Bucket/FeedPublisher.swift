import Curl
import Foundation
import Journal
import Logging
import Model

/// Shows what is stored in a bucket album: gathers it, and writes this photographer's feed.
///
/// The order makes it safe to be killed anywhere: assets, then a segment, then the head, then the journal. What the
/// journal does not call sent is shown again, which changes nothing, for a feed knows frames by their content.
actor FeedPublisher {
  private let client: S3Client
  private let layout: BucketLayout
  private let album: String
  private let journal: Journal
  private let backoff: Backoff
  private let logger: Logger
  private var random = SplitMix(seed: UInt64.random(in: .min ... .max))

  private let wakes: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation
  /// The feed as the bucket has it; `nil` while that is not known.
  private var feed: BucketFeed?
  private let roll: PhotographerRoll
  /// A segment that was made of several, and waits for a head to name it.
  private var merged: (of: [FeedHead.Segment], into: FeedSegment)?
  private var isMerging = false
  /// No segments are merged before; and how often that has failed since it last did not.
  private var mergesAfter = ContinuousClock.now
  private var failedMerges = 0
  private var failures = 0
  /// How many originals are being stored.
  private var originalsUnderWay = 0
  /// Until when originals that no head shows yet wait for others.
  private var gathersUntil: ContinuousClock.Instant?
  /// When the list of photographers is looked at next, and a timer for that is under way.
  private var nextLook: ContinuousClock.Instant?
  /// When the last head was on its way.
  private var wroteHeadAt: ContinuousClock.Instant?

  /// Heads are not written more often than this: stores throttle writes to one key, and R2 takes one a second.
  private static let interval = Duration.seconds(1)
  /// An original that is there waits so long for others that are under way: guests have its preview, each head takes a part of
  /// the link, and the last one is not to wait for the interval after one that could have waited.
  private static let longestGathering = Duration.seconds(3)
  /// So much is shown with one head.
  private static let batch = 500
  /// How often it is looked after although nothing is to be shown.
  private static let idle = Duration.seconds(30)

  init(
    client: S3Client, layout: BucketLayout, album: String, journal: Journal, backoff: Backoff, logger: Logger
  ) {
    self.client = client
    self.layout = layout
    self.album = album
    self.journal = journal
    self.backoff = backoff
    self.logger = logger
    roll = PhotographerRoll(client: client, key: layout.photographers)
    (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// An original is being stored.
  func originalBegins() { originalsUnderWay += 1 }

  /// It is stored, and the journal knows, or it will not be now.
  func originalEnds() {
    originalsUnderWay -= 1
    waker.yield()
  }

  /// Shows what is stored, until the task is cancelled.
  func run(_ tell: @escaping @Sendable (Attendance) async -> Void) async {
    await withDiscardingTaskGroup { group in
      group.addTask { for await _ in self.journal.ticks() { self.waker.yield() } }
      group.addTask { await self.wakeNowAndThen() }
      group.addTask { await self.lookAhead() }
      for await _ in wakes {
        let wasGathering = gathersUntil != nil
        let pause = await round(tell)
        let look = await roll.next
        if look != nextLook, look > .now {
          nextLook = look
          group.addTask {
            if await Task.pause(for: ContinuousClock.now.duration(to: look)) { self.waker.yield() }
          }
        }
        if !wasGathering, gathersUntil != nil {
          group.addTask { if await Task.pause(for: Self.longestGathering) { self.waker.yield() } }
        }
        if let segments = feed?.head.mergeable, !isMerging, merged == nil, .now >= mergesAfter, let feed {
          isMerging = true
          group.addTask { await self.merge(segments, of: feed) }
        }
        guard await Task.pause(for: pause) else { break }
      }
      group.cancelAll()
    }
  }

  /// Reads the feed and the list of photographers while the first photo is still on its way: on a slow link each of
  /// them is a round trip that a guest would wait for. Whatever fails here is met again when it is needed.
  private func lookAhead() async {
    async let list: Void = roll.lookAhead()
    do {
      let found = try await BucketFeed.load(journal.feed(in: album), client: client, layout: layout)
      // Another round may have been quicker, and written since.
      if feed == nil, wroteHeadAt == nil { feed = found }
    } catch {
      logger.debug("The feed is not known yet.", metadata: ["error": "\(error)"])
    }
    await list
  }

  private func wakeNowAndThen() async {
    while await Task.pause(for: Self.idle) { waker.yield() }
  }

  /// Shows what is stored now.
  /// - Returns: how long to leave the store alone.
  private func round(_ tell: @Sendable (Attendance) async -> Void) async -> Duration {
    var stored: [Delivery] = []
    do {
      stored = try await journal.storedDeliveries(to: album, limit: Self.batch)
      guard !stored.isEmpty || merged != nil else {
        // Nobody is pointed to a feed whose head is not there yet.
        if feed?.tag != nil, await roll.isDue { try await lookAfter() }
        return .zero
      }
      // Whatever becomes of those that are under way wakes this again, or the end of the wait.
      guard !gathers(stored) else { return .zero }
      try await show(stored)
      gathersUntil = nil
      failures = 0
      if !stored.isEmpty { await tell(.sent(stored)) }
      // There may be more than went with this head.
      waker.yield()
      return wroteHeadAt.map { max(.zero, Self.interval - $0.duration(to: .now)) } ?? Self.interval
    } catch let error as JournalError {
      feed = nil
      if !Task.isCancelled { await tell(.journalFailed(error)) }
    } catch let error as FeedFailure {
      feed = nil
      guard case .stopped(let reason, let retryAfter) = error.outcome else { return .zero }
      await tell(.stopped(stored, reason, retryAfter: retryAfter))
      waker.yield()
      return rest(atLeast: retryAfter)
    } catch {
      feed = nil
      logger.error("The feed cannot be written.", metadata: ["error": "\(error)"])
    }
    waker.yield()
    return rest(atLeast: nil)
  }

  /// Whether what is stored is to be shown with what comes next.
  private func gathers(_ stored: [Delivery]) -> Bool {
    guard merged == nil, stored.count < Self.batch, stored.allSatisfy({ $0.kind == .original }),
      originalsUnderWay > 0
    else { return false }
    let end = gathersUntil ?? .now + Self.longestGathering
    gathersUntil = end
    return .now < end
  }

  private func rest(atLeast retryAfter: Duration?) -> Duration {
    failures += 1
    return max(Self.interval, (retryAfter ?? .zero) + backoff.delay(afterFailures: failures, using: &random))
  }

  private func show(_ stored: [Delivery]) async throws {
    var current = try await currentFeed()
    let old = current.head
    var segments: [FeedSegment] = []
    if let merged {
      // A segment that is no longer as it was is left where it is: nobody names it.
      _ = current.head.replace(merged.of, by: merged.into)
    }
    if let segment = try current.head.take(try await entries(stored)) { segments.append(segment) }
    for segment in segments { try await current.write(segment, priority: .foreground) }
    let bytes = try current.head.encoded()
    if current.head != old || current.tag == nil {
      try await journal.beginHead(bytes, in: album)
      feed = nil
      wroteHeadAt = .now
      try await current.write(head: bytes)
    }
    // The head is there before anybody is pointed to it.
    let isDue = await roll.isDue
    if !(await roll.isCalled) || isDue { try await roll.call(current.head.photographer) }
    try await journal.confirmHead(bytes, showing: stored, in: album)
    merged = nil
    feed = current
  }

  /// What guests are to know of the frames of some deliveries.
  private func entries(_ deliveries: [Delivery]) async throws(JournalError) -> [AlbumFrame] {
    var order: [ContentHash] = []
    var isKnown: Set<ContentHash> = []
    for delivery in deliveries where isKnown.insert(delivery.frame).inserted { order.append(delivery.frame) }
    let stored = Dictionary(grouping: try await journal.storedDeliveries(of: order, to: album), by: \.frame)
    return order.compactMap { AlbumFrame(stored: stored[$0] ?? []) }
  }

  /// The feed as the bucket has it, with a new id if somebody else writes ours.
  private func currentFeed() async throws -> BucketFeed {
    if let feed { return feed }
    var record = try await journal.feed(in: album)
    if let feed = try await BucketFeed.load(record, client: client, layout: layout) { return feed }
    logger.warning("Another laptop writes this one's feed: a copy of its folders? A new feed is begun.")
    record = try await journal.renewFeed(in: album)
    guard let feed = try await BucketFeed.load(record, client: client, layout: layout) else {
      throw FeedFailure(.stopped(DeliveryReason(.conflict, "A feed that nobody can have is there already.")))
    }
    return feed
  }

  /// Looks whether we are still on the list, and whether our head is still ours.
  private func lookAfter() async throws {
    guard let feed else { return }
    try await roll.call(feed.head.photographer)
    if try await !feed.isUnchanged() { self.feed = nil }
  }

  /// Makes one segment of several, behind everything that guests wait for.
  private func merge(_ segments: [FeedHead.Segment], of feed: BucketFeed) async {
    do {
      let whole = try await feed.merge(segments)
      merged = (segments, whole)
      failedMerges = 0
      waker.yield()
    } catch {
      logger.info("Segments stay as they are.", metadata: ["error": "\(error)"])
      // Nobody waits for it, photos need the link, and what is gone at the store fails every time.
      mergesAfter = .now + Self.idle * (1 << min(failedMerges, 7))
      failedMerges += 1
    }
    isMerging = false
  }
}

/// Why a feed could not be read or written.
struct FeedFailure: Error {
  let outcome: AssetUpload.Outcome

  init(_ outcome: AssetUpload.Outcome) {
    self.outcome = outcome
  }

  init(_ answer: S3Answer) {
    outcome = .stopped(answer.failure, retryAfter: answer.retryAfter)
  }

  init(_ error: CurlError) {
    outcome = AssetUpload.outcome(of: error)
  }
}
