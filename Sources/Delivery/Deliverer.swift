public import Curl
import Foundation
public import Journal
public import Logging
public import ServiceLifecycle

/// Takes deliveries from the journal to their destinations until it is stopped.
///
/// Stopping ends every transfer at once: what a destination acknowledged is in the journal, what it has beyond that is asked of it
/// at the next start.
public final class Deliverer: Service {
  /// How deliveries are made.
  public struct Options: Sendable {
    /// Thumbnails and previews under way at once to one destination, 1 or more.
    public var renditionPlaces: Int
    /// Originals under way at once to one destination, 1 or more; `nil` finds out how many fill the link. While a rendition is
    /// on its way they pause.
    public var originalPlaces: Int?
    public var timeouts: Timeouts
    /// The longest first rest of a destination that failed; it doubles with every failure.
    public var firstRest: Duration
    /// The longest rest of all; only a server's own `Retry-After` goes beyond it.
    public var longestRest: Duration

    public init(
      renditionPlaces: Int = 2, originalPlaces: Int? = nil, timeouts: Timeouts = Timeouts(),
      firstRest: Duration = .seconds(1), longestRest: Duration = .seconds(30)
    ) {
      self.renditionPlaces = renditionPlaces
      self.originalPlaces = originalPlaces
      self.timeouts = timeouts
      self.firstRest = firstRest
      self.longestRest = longestRest
    }

    var backoff: Backoff { Backoff(base: firstRest, cap: longestRest) }
  }

  /// What happens, for one reader, who must read: nothing is dropped, since figures are counted from it. It ends when
  /// `run` does.
  public let events: AsyncStream<DeliveryEvent>
  private let continuation: AsyncStream<DeliveryEvent>.Continuation
  private let journal: Journal
  private let lanes: [DeliveryLane]

  /// - Parameter destinations: of several with the same `album` only the first is taken.
  public init(
    journal: Journal, destinations: [DeliveryDestination], curl: CurlClient, options: Options = Options(),
    logger: Logger
  ) {
    (events, continuation) = AsyncStream.makeStream()
    let continuation = continuation
    let clock = ServerClock { continuation.yield(.clockIsWrong(seconds: $0)) }
    var albums: Set<String> = []
    var lanes: [DeliveryLane] = []
    for destination in destinations where albums.insert(destination.album).inserted {
      let meter = ThroughputMeter()
      let lines = SendingLines(count: 1)
      let client = Self.client(
        destination, journal: journal, curl: curl, options: options, lines: lines, meter: meter, clock: clock,
        logger: logger)
      lanes.append(
        DeliveryLane(
          destination, client: client, journal: journal, lines: lines, meter: meter, options: options,
          events: continuation, logger: logger,
          firstTransfers: curl.hasCongestionControl ? TransferCount.startWithBBR : TransferCount.start))
    }
    self.journal = journal
    self.lanes = lanes
  }

  private static func client(
    _ destination: DeliveryDestination, journal: Journal, curl: CurlClient, options: Options,
    lines: SendingLines, meter: ThroughputMeter, clock: ServerClock, logger: Logger
  ) -> any DestinationClient {
    switch destination.place {
    case .tus(let creationURL, let token):
      TusClient(
        TusEndpoint(creation: creationURL, token: token), album: destination.album, curl: curl,
        journal: journal, timeouts: options.timeouts, isLoopback: destination.isLoopback, lines: lines,
        meter: meter, clock: clock, logger: logger)
    case .bucket(let bucket):
      BucketClient(
        bucket, album: destination.album, curl: curl, journal: journal, options: options, lines: lines,
        meter: meter, clock: clock, logger: logger)
    }
  }

  /// Delivers until the task is cancelled or the service group shuts down; then returns at once.
  public func run() async {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for lane in self.lanes { group.addTask { await lane.run() } }
        // What a person does with the queue is worth a try now, however long a destination was to rest.
        group.addTask { for await _ in self.journal.ticksOfOthers() { await self.nudge() } }
      }
    }
    continuation.finish()
  }

  /// Starts no more originals, or goes on with them: while a network costs by the byte, say. An original that is on its way stops after
  /// the chunk that it is at, and is gone on with from there. Renditions go on, frames that a person has pushed to the front
  /// (`Journal.pushToFront`), and everything for this machine's own albums.
  public func hold(originals isHeld: Bool) async {
    for lane in lanes { await lane.hold(originals: isHeld) }
  }

  /// Tries everything again at once that waits for a time: after the network changed or the machine woke, or because a person asks. What is parked
  /// stays parked (`Journal.retry` frees it).
  public func nudge() async {
    for lane in lanes { await lane.nudge() }
  }
}
