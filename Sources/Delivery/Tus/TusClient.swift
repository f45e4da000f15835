import Curl
import Foundation
import Journal
import Logging
import Model

/// Carries deliveries to one tus 1.0 endpoint: does the steps that `TusUpload` names, and writes down what each
/// of them settled before it takes the next.
actor TusClient: DestinationClient {
  private let endpoint: TusEndpoint
  private let curl: CurlClient
  private let journal: Journal
  private let timeouts: Timeouts
  private let usesChecksums: Bool
  private let meter: ThroughputMeter
  private let clock: ServerClock
  private let logger: Logger

  /// What the server said of itself; `nil` until it has.
  private var features: TusFeatures?
  private var chunks: ChunkSize
  /// After a connection broke, the idle ones beside it are not trusted either.
  private var needsFreshConnection = false

  /// A rendition of up to this many bytes goes with the request that makes its upload: one round trip in all.
  private static let mostCarriedAtCreation: Int64 = 4 << 20

  init(
    _ endpoint: TusEndpoint, curl: CurlClient, journal: Journal, timeouts: Timeouts,
    usesChecksums: Bool, chunks: ChunkSize, meter: ThroughputMeter, clock: ServerClock, logger: Logger
  ) {
    self.endpoint = endpoint
    self.curl = curl
    self.journal = journal
    self.timeouts = timeouts
    self.usesChecksums = usesChecksums
    self.chunks = chunks
    self.meter = meter
    self.clock = clock
    self.logger = logger
  }

  func prepare() async {
    do {
      try await learnFeatures()
    } catch {
      logger.debug("The destination does not say what it can do.", metadata: ["error": "\(error)"])
    }
  }

  func carry(
    _ delivery: Delivery, from source: DeliverySource, heard: @escaping @Sendable () async -> Bool
  ) async throws(JournalError) -> DeliveryOutcome {
    do {
      try await learnFeatures()
    } catch {
      guard error.isRetryable else { return Self.outcome(of: error) }
      let error = await curl.explain(error, for: endpoint.creation, clock: clock)
      return .stopped(DeliveryReason(error.code == .certificate ? .certificate : .offline, error.text))
    }
    if let maximum = features?.maximumLength, maximum > 0, delivery.bytes > maximum {
      return .stopped(
        DeliveryReason(
          .tooLarge, "The destination takes files of up to \(maximum) bytes; this has \(delivery.bytes)."))
    }
    let endpoint = self.endpoint.naming(delivery.name, delivery.hash)
    var upload = TusUpload(
      endpoint: endpoint, length: delivery.bytes,
      location: delivery.uploadURL.flatMap(endpoint.resolve), acknowledged: delivery.offset,
      attempts: delivery.attempts, chunk: chunks.bytes,
      carriesAtCreation: delivery.kind != .original && delivery.bytes <= Self.mostCarriedAtCreation
        && features?.takesBytesAtCreation == true)
    var written = upload
    var step = upload.begin()
    while true {
      switch step {
      case .done:
        return try await finish(delivery, source)
      case .stop(let reason, let retryAfter):
        try await writeDown(upload, &written, delivery)
        return .stopped(reason, retryAfter: retryAfter)
      case .create, .ask, .send:
        try await writeDown(upload, &written, delivery)
        if upload.isInTouch, await !heard() { return .laidAside }
        do {
          step = try await take(step, of: &upload, delivery, source)
        } catch {
          return error.outcome
        }
      }
    }
  }

  /// Does one step that needs the network and gives the next.
  private func take(
    _ step: TusUpload.Step, of upload: inout TusUpload, _ delivery: Delivery, _ source: DeliverySource
  ) async throws(Interruption) -> TusUpload.Step {
    let request: Request
    do {
      request = try await self.request(step, upload, delivery, source)
    } catch {
      throw Interruption(outcome: .stopped(error.reason))
    }
    let response: Response
    do {
      response = try await curl.perform(request)
    } catch {
      guard error.isRetryable else { throw Interruption(outcome: Self.outcome(of: error)) }
      logger.debug(
        "A request ended without an answer.",
        metadata: ["name": "\(delivery.name)", "kind": "\(delivery.kind)", "error": "\(error)"])
      needsFreshConnection = true
      chunks.broke()
      upload.chunk = chunks.bytes
      return upload.failed(await curl.explain(error, for: request.url, clock: clock))
    }
    needsFreshConnection = false
    clock.take(response)
    let answer = TusAnswer(response, now: Date())
    if case .send(let range) = step { pace(range, answer, response.duration) }
    if answer.status == 460 {
      do {
        try await source.verify(delivery.hash)
      } catch {
        throw Interruption(outcome: .stopped(error.reason))
      }
    }
    upload.chunk = chunks.bytes
    return upload.answered(answer)
  }

  private func pace(_ range: Range<Int64>, _ answer: TusAnswer, _ duration: Duration) {
    if answer.status == 413 {
      chunks.refused(range.upperBound - range.lowerBound)
    } else if answer.speaksTus, let offset = answer.offset, range.contains(offset - 1) {
      chunks.acknowledged(offset - range.lowerBound, in: duration)
    }
  }

  private func request(
    _ step: TusUpload.Step, _ upload: TusUpload, _ delivery: Delivery, _ source: DeliverySource
  ) async throws(SourceError) -> Request {
    let endpoint = upload.endpoint
    let request: TusRequest
    switch (step, upload.location) {
    case (.send(let range), let location?):
      // Before every chunk: a file in place may be written while it is sent.
      try await source.check()
      var checksum: (TusChecksum, String)?
      if usesChecksums, let algorithm = features?.checksum {
        checksum = (algorithm, try await source.digest(of: range, by: algorithm))
      }
      request = endpoint.patch(location, range: range, checksum: checksum)
    case (.ask, let location?):
      request = endpoint.head(location)
    case (.create(let carrying), _):
      request = endpoint.create(
        length: delivery.bytes, metadata: UploadMetadata(delivery).header, carrying: carrying)
    default:
      // `TusUpload` asks about an upload and sends to it only when it has its address.
      request = endpoint.create(
        length: delivery.bytes, metadata: UploadMetadata(delivery).header, carrying: 0)
    }
    let meter = self.meter
    return Request(
      request.method, request.url, headers: request.headers,
      body: request.range.isEmpty
        ? .none
        : .file(
          source.file, offset: request.range.lowerBound,
          length: request.range.upperBound - request.range.lowerBound),
      priority: delivery.kind == .original ? .background : .foreground, timeouts: timeouts,
      needsFreshConnection: needsFreshConnection, onProgress: { meter.add($0) })
  }

  /// Writes down what a step settled. A process killed before this asks the server again and learns the same; an upload
  /// that was made and not written down stays empty at the server and expires there.
  private func writeDown(
    _ upload: TusUpload, _ written: inout TusUpload, _ delivery: Delivery
  ) async throws(JournalError) {
    defer { written = upload }
    if upload.location != written.location {
      if let location = upload.location {
        try await journal.beginSending(delivery, uploadURL: endpoint.reference(to: location))
      } else {
        try await journal.restart(delivery)
      }
    } else if upload.acknowledged == written.acknowledged {
      return
    }
    if upload.location != nil, upload.acknowledged > 0 || upload.location == written.location {
      try await journal.acknowledge(delivery, offset: upload.acknowledged)
    }
  }

  private func finish(
    _ delivery: Delivery, _ source: DeliverySource
  ) async throws(JournalError) -> DeliveryOutcome {
    do {
      // The last look: bytes that changed while they were sent are not what was promised.
      try await source.check()
    } catch {
      return .stopped(error.reason)
    }
    try await journal.markSent(delivery)
    return .sent
  }

  /// Asks once what the server can do. Whoever answers something else is met again by the request that follows.
  private func learnFeatures() async throws(CurlError) {
    guard features == nil else { return }
    let options = endpoint.options()
    let response = try await curl.perform(
      Request(
        options.method, options.url, headers: options.headers, timeouts: timeouts,
        needsFreshConnection: needsFreshConnection))
    needsFreshConnection = false
    clock.take(response)
    features = TusFeatures(response)
  }

  /// What a failure means that no later try can mend by itself.
  private static func outcome(of error: CurlError) -> DeliveryOutcome {
    switch error.code {
    case .cancelled, .stopped: .cancelled
    case .unreadableBody: .stopped(DeliveryReason(.fileUnreadable, error.text))
    default: .stopped(DeliveryReason(.refused, error.text))
    }
  }
}

/// Ends the carrying of a delivery from within a step.
private struct Interruption: Error {
  let outcome: DeliveryOutcome
}

extension UploadMetadata {
  /// What an upload of this delivery says of itself.
  init(_ delivery: Delivery) {
    self.init(
      filename: delivery.name, filetype: delivery.mediaType, kind: delivery.kind, frame: delivery.frame,
      sha256: delivery.hash, originalBytes: delivery.originalBytes, facts: delivery.facts)
  }
}
