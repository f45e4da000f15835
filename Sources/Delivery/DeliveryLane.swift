import Dispatch
import Foundation
import Journal
import Logging
import Model

/// Everything for one destination: which deliveries go now, how many at once, and how long to rest when it fails.
///
/// Each destination has a lane of its own, with places and waits of its own, so none can hold up another.
actor DeliveryLane {
  private let destination: DeliveryDestination
  private let client: any DestinationClient
  private let journal: Journal
  private let lines: SendingLines
  private let meter: ThroughputMeter
  private let options: Deliverer.Options
  private let events: AsyncStream<DeliveryEvent>.Continuation
  private let logger: Logger
  private let disk: DispatchQueue

  /// Ticks whenever there may be something to start; ticks not yet consumed are one.
  private let wakes: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  /// Under way, by the delivery's id.
  private var active: [Int64: AssetKind] = [:]
  private var rest: Rest
  /// What holds up also the deliveries that are not tried, as it was told.
  private var standing = DestinationStanding() {
    didSet { if standing != oldValue { events.yield(.standing(album: destination.album, standing)) } }
  }
  /// Whether it was the destination that asked for the rest (`Retry-After`).
  private var isRestAskedFor = false
  private var transfers: TransferCount
  /// Whether as many originals as may were under way a second ago.
  private var wasFull = false
  /// Whose renditions, and whose originals, went last.
  private var renditionTurns = Turns()
  private var originalTurns = Turns()
  /// Originals that were due and had no place when they were last asked for.
  private var originalsBehind = 0
  /// Whether originals wait for a network that costs nothing by the byte.
  private var holdsOriginals = false
  /// A nudge makes what was put off due at once, one time.
  private var ignoresWaits = false
  /// How often it was nudged: what was started before the last one says nothing of how it is now.
  private var nudges = 0
  /// When the earliest timer under way wakes this lane.
  private var timer: Date?

  init(
    _ destination: DeliveryDestination, client: any DestinationClient, journal: Journal,
    lines: SendingLines, meter: ThroughputMeter,
    options: Deliverer.Options, events: AsyncStream<DeliveryEvent>.Continuation, logger: Logger,
    firstTransfers: Int = TransferCount.start
  ) {
    self.destination = destination
    self.client = client
    self.journal = journal
    self.lines = lines
    self.meter = meter
    self.options = options
    self.events = events
    var logger = logger
    logger[metadataKey: "album"] = "\(destination.album)"
    self.logger = logger
    disk = DispatchQueue(label: "delivery disk \(destination.album)")
    transfers = TransferCount(
      fixed: options.originalPlaces ?? (destination.isLoopback ? Self.loopbackPlaces : nil),
      start: firstTransfers)
    lines.set(count: transfers.count, behind: 0)
    rest = Rest(backoff: options.backoff, seed: UInt64.random(in: .min ... .max))
    (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Nothing is gained by more on this machine itself.
  private static let loopbackPlaces = 2

  /// Tries again at once, whatever it was waiting for, on new connections.
  func nudge() {
    rest.end()
    standing.rest?.until = nil
    ignoresWaits = true
    nudges += 1
    waker.yield()
  }

  /// Starts no more originals but those of frames that a person has pushed to the front, and lets those under way end with the
  /// chunk that they are at; or goes on with all of them. What waits is told once.
  func hold(originals isHeld: Bool) async {
    guard isHeld != holdsOriginals, !destination.isLoopback else { return }
    holdsOriginals = isHeld
    let reason = DeliveryReason(
      .metered, "This network costs by the byte: small renditions go, originals wait for another.")
    standing.heldOriginals = isHeld ? reason : nil
    waker.yield()
    guard isHeld else { return }
    do throws(JournalError) {
      try await tellWaiting(reason, delay: .zero)
    } catch {
      journalFailed(error)
    }
  }

  /// Delivers until the task is cancelled.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.client.prepare() }
      group.addTask { await self.client.attend { await self.attended($0) } }
      group.addTask { await self.forwardTicks() }
      group.addTask { await self.reportProgress() }
      for await _ in wakes {
        // One time for both: what becomes due between two would be neither started nor waited for.
        let now = Date()
        do throws(JournalError) {
          for delivery in try await pick(at: now) {
            active[delivery.id] = delivery.kind
            group.addTask { await self.carry(delivery) }
          }
          if let due = try await nextTimer(after: now) {
            group.addTask { await self.wake(at: due) }
          }
        } catch {
          journalFailed(error)
          if let due = rest.until { group.addTask { await self.wake(at: due) } }
        }
      }
      group.cancelAll()
    }
  }

  private func forwardTicks() async {
    for await _ in journal.ticks() { waker.yield() }
  }

  /// Says once a second how fast bytes go, and once that they have stopped.
  private func reportProgress() async {
    var wasMoving = false
    while await Task.pause(for: .seconds(1)) {
      let bytes = meter.take()
      measured(bytes)
      if bytes > 0 || wasMoving { events.yield(.progress(album: destination.album, bytesPerSecond: bytes)) }
      wasMoving = bytes > 0
      if meter.isAssembling { events.yield(.assembling(album: destination.album)) }
    }
  }

  /// Learns how many transfers fill the link; while renditions go, originals pause, and nothing is learnt.
  private func measured(_ bytes: Int64) {
    let isFull = active.count >= transfers.count && active.values.allSatisfy { $0 == .original }
    let before = transfers.count
    transfers.second(bytes: bytes, isFull: isFull && wasFull)
    wasFull = isFull
    if transfers.count != before { waker.yield() }
  }

  private func wake(at date: Date) async {
    guard await Task.pause(for: .seconds(max(0, date.timeIntervalSinceNow))) else { return }
    if timer == date { timer = nil }
    waker.yield()
  }
}

// MARK: What goes now

extension DeliveryLane {
  /// The deliveries to start now: renditions first, and originals only when no rendition waits for a place; of each
  /// every camera's in turn.
  private func pick(at now: Date) async throws(JournalError) -> [Delivery] {
    guard !Task.isCancelled, !rest.isResting(at: now) else { return [] }
    lines.set(count: transfers.count, behind: originalsBehind)
    let places = Places(
      renditions: options.renditionPlaces, originals: originalPlaces, isProbing: rest.isProbing,
      active: Array(active.values))
    guard places.freeForRenditions + places.freeForOriginals > 0 else { return [] }
    let now = ignoresWaits ? Date.distantFuture : now
    // One delivery tries whether the destination is back; the others that failed with it go when it is.
    ignoresWaits = ignoresWaits && rest.isProbing
    // Taken before the journal is read: a delivery that is done meanwhile is no longer active, and in what was read still due.
    let started = Set(active.keys)
    // One more than there are places for: whether any is left without decides for the originals.
    let renditions = renditionTurns.order(
      try await due(destination.takes.filter { $0 != .original }, places.freeForRenditions + 1, now, started),
      of: Self.owner)
    let hasPlaceForOriginals =
      renditions.count <= places.freeForRenditions && places.freeForOriginals > 0
    // As many more as may send at once: whether lines are running out of originals decides how the next ones go, and those
    // that have begun and wait for the server's first answer. Where so many are known to wait, it is not asked again.
    let looksForOriginals = hasPlaceForOriginals || originalsBehind < transfers.count
    let wanted = (hasPlaceForOriginals ? places.freeForOriginals : 0) + transfers.count
    let originals = originalTurns.order(
      looksForOriginals
        ? try await due(destination.takes.filter { $0 == .original }, wanted, now, started) : [],
      of: Self.owner)
    let chosen = places.choose(renditions: renditions, originals: hasPlaceForOriginals ? originals : [])
    for delivery in chosen where !delivery.isPushed {
      if delivery.kind == .original {
        originalTurns.took(delivery.source)
      } else {
        renditionTurns.took(delivery.source)
      }
    }
    if looksForOriginals {
      originalsBehind = originals.count - chosen.count { $0.kind == .original }
      lines.set(count: transfers.count, behind: originalsBehind)
    }
    return chosen
  }

  /// Whose turn a delivery takes; what a person has pushed to the front takes nobody's.
  private static func owner(of delivery: Delivery) -> String? {
    delivery.isPushed ? nil : delivery.source
  }

  /// One more than may send at once where that is to be found out: it makes its upload, or waits for its last answer,
  /// while the others send.
  private var originalPlaces: Int { transfers.count + (transfers.isFixed ? 0 : 1) }

  private func due(
    _ kinds: [AssetKind], _ limit: Int, _ now: Date, _ started: Set<Int64>
  ) async throws(JournalError) -> [Delivery] {
    guard !kinds.isEmpty else { return [] }
    return try await journal.dueDeliveries(
      to: destination.album, kinds: kinds, limit: limit, besides: started,
      isPushedOnly: holdsOriginals && kinds == [.original], now: now)
  }

  /// When to wake although nothing happens; `nil` if a timer for then or earlier is under way already.
  private func nextTimer(after now: Date) async throws(JournalError) -> Date? {
    // What is due already starts when a place is free or may go again, and that wakes this lane too.
    let due =
      rest.isResting(at: now) ? rest.until : try await journal.nextTry(to: destination.album, after: now)
    guard let due, due > now, timer.map({ due < $0 }) ?? true else { return nil }
    timer = due
    return due
  }
}

// MARK: What comes of it

extension DeliveryLane {
  private func carry(_ delivery: Delivery) async {
    let nudge = nudges
    do {
      try await settle(delivery, outcome(of: delivery), startedAfter: nudge)
    } catch {
      journalFailed(error)
    }
    active[delivery.id] = nil
    waker.yield()
  }

  private func outcome(of delivery: Delivery) async throws(JournalError) -> DeliveryOutcome {
    let source: DeliverySource
    do {
      source = try await DeliverySource.open(delivery, on: disk)
    } catch {
      return .stopped(error.reason)
    }
    return try await client.carry(delivery, from: source) { await self.heard(delivery) }
  }

  /// The destination answers as it should: no need to wait until a whole original has gone there.
  /// - Returns: whether the delivery goes on. One that a person has pushed to the front meanwhile is begun again as such.
  private func heard(_ delivery: Delivery) -> Bool {
    if rest.isResting(at: Date()) {
      // That it answers one does not take back what it asked for.
      if isRestAskedFor { return false }
    } else if rest.isProbing {
      answered()
      waker.yield()
    }
    return !holdsOriginals || delivery.kind != .original || delivery.isPushed
  }

  /// Something has succeeded.
  private func answered() {
    rest.succeeded(at: Date())
    if !rest.isProbing { standing.rest = nil }
  }

  private func settle(
    _ delivery: Delivery, _ outcome: DeliveryOutcome, startedAfter nudge: Int
  ) async throws(JournalError) {
    switch outcome {
    case .cancelled:
      break
    case .laidAside, .stored:
      answered()
    case .sent:
      answered()
      tellSent(delivery)
    case .stopped(let reason, _) where reason.needsPerson:
      try await park(delivery, reason)
    case .stopped(let reason, let retryAfter) where reason.scope == .delivery:
      ignoresWaits = false
      let delay = rest.delay(afterFailures: delivery.attempts + 1, atLeast: retryAfter)
      try await journal.postpone(
        delivery, until: Date(adding: delay), reason: reason.text,
        code: reason.code.rawValue)
      logger.info("A delivery is put off.", metadata: Self.metadata(delivery, reason))
      events.yield(.postponed(delivery, reason))
    case .stopped(let reason, _) where nudge != nudges:
      try await journal.postpone(delivery, until: Date(), reason: reason.text, code: reason.code.rawValue)
    case .stopped(let reason, let retryAfter):
      try await restAll(delivery, reason, retryAfter)
    }
  }

  /// What the client did beside the deliveries.
  private func attended(_ news: Attendance) async {
    do throws(JournalError) {
      switch news {
      case .sent(let deliveries):
        answered()
        standing.showing = nil
        for delivery in deliveries { tellSent(delivery) }
      case .stopped(let deliveries, let reason, _) where reason.needsPerson:
        standing.showing = nil
        for delivery in deliveries { try await park(delivery, reason) }
      case .stopped(_, let reason, let retryAfter):
        let isFirst = !rest.isResting(at: Date())
        let delay = isFirst ? rest.failed(at: Date(), atLeast: retryAfter) : rest.remaining(at: Date())
        standing.showing = DestinationStanding.Pause(reason, until: rest.until)
        guard isFirst else { return }
        isRestAskedFor = retryAfter != nil
        standing.rest = standing.showing
        logger.info("The destination rests.", metadata: ["reason": "\(reason)"])
        try await tellWaiting(reason, delay: delay)
      case .journalFailed(let error):
        journalFailed(error)
      }
    } catch {
      journalFailed(error)
    }
    waker.yield()
  }

  private func tellSent(_ delivery: Delivery) {
    let milliseconds = delivery.announcedAt.map { max(0, Int(Date().timeIntervalSince($0) * 1000)) }
    events.yield(
      .sent(
        DeliveryEvent.Sent(
          album: destination.album, frame: delivery.frame, name: delivery.name, kind: delivery.kind,
          sha256: delivery.hash, bytes: delivery.bytes, milliseconds: milliseconds)))
  }

  private func park(_ delivery: Delivery, _ reason: DeliveryReason) async throws(JournalError) {
    try await journal.park(delivery, reason: reason.text, code: reason.code.rawValue)
    logger.warning("A delivery is parked.", metadata: Self.metadata(delivery, reason))
    events.yield(.parked(delivery, reason))
  }

  /// The whole destination rests, once for all the transfers that failed together.
  private func restAll(
    _ delivery: Delivery, _ reason: DeliveryReason, _ retryAfter: Duration?
  ) async throws(JournalError) {
    ignoresWaits = false
    // What broke first may have been a connection, and its rest shorter than what is asked for now.
    let isFirst = !rest.isResting(at: Date()) || (retryAfter != nil && !isRestAskedFor)
    if isFirst { isRestAskedFor = retryAfter != nil }
    let delay = isFirst ? rest.failed(at: Date(), atLeast: retryAfter) : rest.remaining(at: Date())
    // What fails again and again while others pass is to blame itself: it waits longer, so that it is not always the
    // one that tries whether the destination is back.
    let own = delivery.attempts < 3 ? .zero : rest.delay(afterFailures: delivery.attempts, atLeast: nil)
    try await journal.postpone(
      delivery, until: Date(adding: delay + own), reason: reason.text,
      code: reason.code.rawValue)
    guard isFirst else { return }
    standing.rest = DestinationStanding.Pause(reason, until: rest.until)
    logger.info("The destination rests.", metadata: Self.metadata(delivery, reason))
    try await tellWaiting(reason, delay: delay)
  }

  private func tellWaiting(_ reason: DeliveryReason, delay: Duration) async throws(JournalError) {
    let backlog = try await journal.backlogs().first { $0.album == destination.album }
    events.yield(
      .waiting(
        DeliveryEvent.Waiting(
          album: destination.album, count: backlog?.waiting ?? 0, bytes: backlog?.waitingBytes ?? 0,
          reason: reason, delay: delay)))
  }

  private func journalFailed(_ error: JournalError) {
    // A cancelled task's write is refused as well: that is the end of the run, and nothing is wrong.
    guard !Task.isCancelled else { return }
    logger.error("The journal failed.", metadata: ["error": "\(error)"])
    if !rest.isResting(at: Date()) {
      _ = rest.failed(at: Date(), atLeast: nil)
      isRestAskedFor = false
    }
    events.yield(.journalFailed(album: destination.album, error))
  }

  private static func metadata(_ delivery: Delivery, _ reason: DeliveryReason) -> Logger.Metadata {
    ["name": "\(delivery.name)", "kind": "\(delivery.kind)", "reason": "\(reason)"]
  }
}
