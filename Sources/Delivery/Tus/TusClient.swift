import Curl
import Foundation
import Journal
import Logging
import Model

/// Carries deliveries to one tus 1.0 endpoint: does the steps that `TusUpload` names, and writes down what each
/// of them settled before it takes the next.
actor TusClient: DestinationClient {
  let endpoint: TusEndpoint
  let album: String
  let curl: CurlClient
  let journal: Journal
  let timeouts: Timeouts
  /// Whether it is this machine: nothing is gained by checksums and parts.
  private let isLoopback: Bool
  let lines: SendingLines
  let meter: ThroughputMeter
  let clock: ServerClock
  let logger: Logger

  /// What the server said of itself; `nil` until it has.
  var features: TusFeatures?
  private var chunks: ChunkSize
  /// After a connection broke, the idle ones beside it are not trusted either.
  private var needsFreshConnection = false

  /// A rendition of up to this many bytes goes with the request that makes its upload: one round trip in all.
  private static let mostCarriedAtCreation: Int64 = 4 << 20

  init(
    _ endpoint: TusEndpoint, album: String, curl: CurlClient, journal: Journal, timeouts: Timeouts,
    isLoopback: Bool, lines: SendingLines, meter: ThroughputMeter, clock: ServerClock, logger: Logger
  ) {
    self.endpoint = endpoint
    self.album = album
    self.curl = curl
    self.journal = journal
    self.timeouts = timeouts
    self.isLoopback = isLoopback
    self.lines = lines
    chunks = ChunkSize(isLoopback: isLoopback)
    self.meter = meter
    self.clock = clock
    self.logger = logger
  }

  func prepare() async {
    do {
      try await learnFeatures()
      await throwAbandonedAway()
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
    let errand = TusErrand(delivery: delivery, source: source, heard: heard)
    if let parted = try await partedUpload(of: delivery), let outcome = try await carry(parted, errand) {
      return outcome
    }
    let endpoint = self.endpoint.naming(delivery.name, delivery.hash)
    var upload = TusUpload(
      endpoint: endpoint, length: delivery.bytes,
      location: delivery.uploadURL.flatMap(endpoint.resolve), acknowledged: delivery.offset,
      chunk: chunks.bytes,
      carriesAtCreation: delivery.kind != .original && delivery.bytes <= Self.mostCarriedAtCreation
        && features?.takesBytesAtCreation == true)
    return try await finish(drive(&upload, errand), errand)
  }

  /// The parts in which an original goes: those that it has begun, or new ones where there would be nothing else for
  /// the other lines to send. `nil` for what goes whole.
  private func partedUpload(of delivery: Delivery) async throws(JournalError) -> PartedUpload? {
    guard delivery.kind == .original, delivery.uploadURL == nil, features?.joinsParts == true, !isLoopback
    else { return nil }
    if let open = try await journal.partedUpload(of: delivery) {
      if open.object == delivery.hash.hex { return open }
      try await journal.abandonParts(of: delivery)
    }
    guard lines.isRunningOut, let parts = TusParts(length: delivery.bytes, lines: lines.count) else {
      return nil
    }
    return try await journal.beginParts(
      of: delivery, object: delivery.hash.hex, uploadID: TusErrand.journalName, partBytes: parts.partBytes)
  }

  /// Takes an upload's steps, one after the other.
  /// - Returns: why it stops; `nil` when all of it is there.
  func drive(_ upload: inout TusUpload, _ errand: TusErrand) async throws(JournalError) -> DeliveryOutcome? {
    upload.chunk = chunks.bytes
    var written = upload
    var step = upload.begin()
    while true {
      if step != .done || errand.part != nil { try await writeDown(upload, &written, errand) }
      switch step {
      case .done:
        return nil
      case .stop(let reason, let retryAfter):
        return .stopped(reason, retryAfter: retryAfter)
      case .create, .ask, .identify, .send:
        if upload.isInTouch, await !errand.heard() { return .laidAside }
        do {
          step = try await take(step, of: &upload, errand)
        } catch {
          return error.outcome
        }
      }
    }
  }

  /// Does one step that needs the network and gives the next.
  private func take(
    _ step: TusUpload.Step, of upload: inout TusUpload, _ errand: TusErrand
  ) async throws(Interruption) -> TusUpload.Step {
    var line: SendingLine?
    if case .send(let range) = step, errand.delivery.kind == .original {
      line = await lines.take(for: errand.delivery.id, bytes: range.upperBound - range.lowerBound)
      if line == nil { throw Interruption(outcome: .cancelled) }
    }
    defer { line?.release() }
    // The wait for a line may have been long, and the network be another by now.
    if line != nil, upload.isInTouch, await !errand.heard() { throw Interruption(outcome: .laidAside) }
    let request: Request
    do {
      request = try await self.request(step, upload, errand, line)
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
        metadata: [
          "name": "\(errand.delivery.name)", "kind": "\(errand.delivery.kind)", "error": "\(error)",
        ])
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
        try await errand.source.verify(errand.delivery.hash)
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
    _ step: TusUpload.Step, _ upload: TusUpload, _ errand: TusErrand, _ line: SendingLine?
  ) async throws(SourceError) -> Request {
    let endpoint = upload.endpoint
    let request: TusRequest
    switch (step, upload.location) {
    case (.send(let range), let location?):
      // Before every chunk: a file in place may be written while it is sent.
      try await errand.source.check()
      var checksum: (TusChecksum, String)?
      if !isLoopback, let algorithm = features?.checksum {
        checksum = (algorithm, try await errand.source.digest(of: errand.place(of: range), by: algorithm))
      }
      request = endpoint.patch(location, range: range, checksum: checksum)
    case (.ask, let location?):
      request = endpoint.head(location)
    case (.identify, let location):
      request = endpoint.options(beside: location)
    case (.create(let carrying), _):
      request = endpoint.create(
        length: upload.length, metadata: errand.metadata, carrying: carrying, isPartial: errand.part != nil)
    default:
      // `TusUpload` asks about an upload and sends to it only when it has its address.
      request = endpoint.create(
        length: upload.length, metadata: errand.metadata, carrying: 0, isPartial: errand.part != nil)
    }
    let meter = self.meter
    return Request(
      request.method, request.url, headers: request.headers,
      body: request.range.isEmpty
        ? .none
        : .file(
          errand.source.file, offset: errand.place(of: request.range).lowerBound,
          length: request.range.upperBound - request.range.lowerBound),
      priority: errand.delivery.kind == .original ? .background : .foreground, timeouts: timeouts,
      needsFreshConnection: needsFreshConnection,
      onProgress: { count in
        meter.add(count)
        line?.sent(count)
      })
  }

  /// Writes down what a step settled. A process killed before this asks the server again and learns the same; an upload
  /// that was made and not written down stays empty at the server and expires there.
  private func writeDown(
    _ upload: TusUpload, _ written: inout TusUpload, _ errand: TusErrand
  ) async throws(JournalError) {
    let delivery = errand.delivery
    defer { written = upload }
    if let part = errand.part {
      guard upload.location != written.location || upload.acknowledged != written.acknowledged,
        let location = upload.location
      else { return }
      return try await journal.acknowledgePart(
        part.number, bytes: upload.acknowledged, tag: endpoint.reference(to: location), in: part.upload,
        of: delivery)
    }
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

  /// - Parameter outcome: `nil` when all of it is there.
  func finish(
    _ outcome: DeliveryOutcome?, _ errand: TusErrand
  ) async throws(JournalError) -> DeliveryOutcome {
    if let outcome {
      // What lies there for nothing may be what fills the disk.
      if case .stopped(let reason, _) = outcome, reason.code == .noRoom { await throwAbandonedAway() }
      return outcome
    }
    do {
      // The last look: bytes that changed while they were sent are not what was promised.
      try await errand.source.check()
    } catch {
      return .stopped(error.reason)
    }
    try await journal.markSent(errand.delivery)
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
  static func outcome(of error: CurlError) -> DeliveryOutcome {
    switch error.code {
    case .cancelled, .stopped: .cancelled
    case .unreadableBody: .stopped(DeliveryReason(.fileUnreadable, error.text))
    default: .stopped(DeliveryReason(.refused, error.text))
    }
  }
}

/// Ends the carrying of a delivery from within a step.
struct Interruption: Error {
  let outcome: DeliveryOutcome
}
