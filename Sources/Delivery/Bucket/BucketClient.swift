import Curl
import Foundation
import Journal
import Logging
import Model

/// Carries deliveries to a bucket album: the assets as objects, and then, gathered, the feed that shows them
/// (docs/delivery.md, "Bucket albums").
actor BucketClient: DestinationClient {
  private let client: S3Client
  private let layout: BucketLayout
  private let album: String
  private let journal: Journal
  private let lines: SendingLines
  private let meter: ThroughputMeter
  private let publisher: FeedPublisher
  private let logger: Logger
  /// Whether the bucket is known to have this album.
  private var hasAlbum = false
  /// Whether the bucket has shown a feed of ours; `nil` until the journal was asked, and `false` once the bucket says that
  /// there is no album.
  private var wasEverShown: Bool?

  init(
    _ bucket: BucketDestination, album: String, curl: CurlClient, journal: Journal,
    options: Deliverer.Options, lines: SendingLines, meter: ThroughputMeter, clock: ServerClock,
    logger: Logger
  ) {
    client = S3Client(
      bucket.location, credentials: bucket.credentials, curl: curl, timeouts: options.timeouts,
      serverClock: clock)
    layout = BucketLayout(prefix: bucket.prefix)
    self.album = album
    self.journal = journal
    self.lines = lines
    self.meter = meter
    self.logger = logger
    publisher = FeedPublisher(
      client: client, layout: layout, album: album, journal: journal, backoff: options.backoff, logger: logger
    )
  }

  func prepare() async {
    _ = await findAlbum()
    await throwAbandonedAway()
  }

  func attend(_ tell: @escaping @Sendable (Attendance) async -> Void) async {
    await publisher.run(tell)
  }

  func carry(
    _ delivery: Delivery, from source: DeliverySource, heard: @escaping @Sendable () async -> Bool
  ) async throws(JournalError) -> DeliveryOutcome {
    let upload = AssetUpload(
      client: client, journal: journal, delivery: delivery, source: source,
      key: layout.key(of: BucketLayout.medium(of: delivery)), lines: lines, meter: meter, heard: heard)
    guard delivery.kind == .original else { return try await store(upload) }
    // While originals are under way, the feed may wait for them.
    await publisher.originalBegins()
    let result: Result<DeliveryOutcome, JournalError>
    do {
      result = .success(try await store(upload))
    } catch {
      result = .failure(error)
    }
    await publisher.originalEnds()
    return try result.get()
  }

  private func store(_ upload: AssetUpload) async throws(JournalError) -> DeliveryOutcome {
    // Where a feed of ours was shown before, the first bytes go while the bucket is asked.
    let wasShown = try await wasShown()
    if !wasShown, let outcome = await findAlbum() { return outcome }
    switch try await upload.run() {
    case .stored:
      if wasShown, let outcome = await findAlbum() { return outcome }
      try await journal.markStored(upload.delivery)
      return .stored
    case .stopped(let reason, let retryAfter):
      return .stopped(reason, retryAfter: retryAfter)
    case .laidAside:
      return .laidAside
    case .cancelled:
      return .cancelled
    }
  }

  /// Whether the bucket has shown a feed of ours, as far as the journal knows.
  private func wasShown() async throws(JournalError) -> Bool {
    if wasEverShown == nil {
      let isShown = try await journal.feed(in: album).head != nil
      // The bucket may have said meanwhile that there is no album.
      wasEverShown = wasEverShown ?? isShown
    }
    return wasEverShown == true
  }

  /// Looks once whether the album was made: what goes to a mistyped prefix would be seen by nobody.
  /// - Returns: `nil` if it was.
  private func findAlbum() async -> DeliveryOutcome? {
    guard !hasAlbum else { return nil }
    do {
      if case .there? = try await client.head(layout.album).presence {
        hasAlbum = true
        return nil
      }
      // A HEAD's refusal has no words.
      let answer = try await client.get(layout.album, limit: 64 << 10)
      // Parks everything until a person acts, and so the store itself has to say it: not a proxy, nor a network's own page.
      if ["NoSuchKey", "NoSuchBucket"].contains(answer.code)
        || (answer.status == 404 && answer.speaksS3 && answer.code == nil)
      {
        wasEverShown = false
        return .stopped(
          DeliveryReason(
            .noSuchAlbum,
            "There is no album at \(album), or no such bucket. Make it: pixcheese album create NAME --bucket \(album)"
          ))
      }
      guard answer.isSuccess, answer.speaksS3 else {
        return .stopped(answer.failure, retryAfter: answer.retryAfter)
      }
      // It was made between the two questions.
      hasAlbum = true
      return nil
    } catch {
      return switch AssetUpload.outcome(of: error) {
      case .stopped(let reason, let retryAfter): .stopped(reason, retryAfter: retryAfter)
      case .cancelled, .laidAside, .stored: .cancelled
      }
    }
  }

  /// Throws away, at the store, uploads in parts that nothing needs: stores keep them, unseen and paid for, for ever.
  private func throwAbandonedAway() async {
    do {
      for upload in try await journal.abandonedUploads(to: album) {
        let answer = try await client.abortParts(upload.object, id: upload.uploadID)
        guard answer.isSuccess || answer.code == "NoSuchUpload" else {
          logger.info("An abandoned upload stays.", metadata: ["reason": "\(answer.failure)"])
          return
        }
        try await journal.forget(upload)
      }
    } catch {
      // The next run tries again.
      logger.info("Abandoned uploads stay.", metadata: ["error": "\(error)"])
    }
  }
}
