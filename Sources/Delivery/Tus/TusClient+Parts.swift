import Curl
import Foundation
import Journal
import Logging
import Model

/// Files in parallel parts (tus 1.0, "Concatenation"): each part is an upload of its own, with an address and an offset of its
/// own in the journal, and the server joins them.
extension TusClient {
  /// Sends what is missing of the parts, as many at once as there are lines, and has them joined.
  func carry(_ parted: PartedUpload, _ errand: TusErrand) async throws(JournalError) -> DeliveryOutcome {
    let delivery = errand.delivery
    let parts = TusParts(length: delivery.bytes, partBytes: parted.partBytes)
    let addresses: [Int: String]
    if delivery.offset == delivery.bytes, parted.tags.count == parts.count {
      // Only the answer to the joining is missing: the parts may be gone since, and are not asked about.
      addresses = parted.tags
    } else {
      switch await send(parts, of: parted, errand) {
      case .success(let all): addresses = all
      case .failure(.outcome(let outcome)): return outcome
      case .failure(.journal(let error)): throw error
      }
    }
    let ordered = addresses.sorted { $0.key < $1.key }.map(\.value)
    let outcome = try await finish(join(ordered, parted, errand), errand)
    if outcome == .sent { try await journal.forget(parted) }
    return outcome
  }

  /// - Returns: the parts' addresses by their numbers.
  private func send(
    _ parts: TusParts, of parted: PartedUpload, _ errand: TusErrand
  ) async -> Result<[Int: String], Stop> {
    await withTaskGroup(of: Result<(Int, String), Stop>.self) { group in
      var waiting = (1...parts.count).makeIterator()
      func startNext() {
        guard let number = waiting.next() else { return }
        let part = TusErrand.Part(number: number, upload: parted, range: parts.range(of: number))
        group.addTask { await self.carry(part, errand) }
      }
      // One more than there are lines: it makes its upload while the others send.
      for _ in 0...lines.count { startNext() }
      var addresses: [Int: String] = [:]
      var failure: Stop?
      for await result in group {
        switch result {
        case .success(let (number, address)):
          addresses[number] = address
          if failure == nil { startNext() }
        case .failure(let stop):
          // Those under way go on: what they bring need not be sent again.
          failure = failure ?? stop
        }
      }
      return failure.map { .failure($0) } ?? .success(addresses)
    }
  }

  /// Why a part is not there.
  private enum Stop: Error {
    case outcome(DeliveryOutcome)
    case journal(JournalError)
  }

  private func carry(_ part: TusErrand.Part, _ errand: TusErrand) async -> Result<(Int, String), Stop> {
    var errand = errand
    errand.part = part
    var upload = TusUpload(
      endpoint: endpoint, length: part.range.upperBound - part.range.lowerBound,
      location: part.upload.tags[part.number].flatMap(endpoint.resolve), attempts: errand.delivery.attempts)
    do {
      if let outcome = try await drive(&upload, errand) { return .failure(.outcome(outcome)) }
    } catch {
      return .failure(.journal(error))
    }
    guard let location = upload.location else {
      // A server that knows the part without having made it: it is no part then.
      return .failure(
        .outcome(
          .stopped(DeliveryReason(.conflict, "The server says that it has a part that was never sent."))))
    }
    return .success((part.number, endpoint.reference(to: location)))
  }

  /// Has the server make a file of its parts.
  /// - Returns: why it does not; `nil` when it has.
  private func join(
    _ addresses: [String], _ parted: PartedUpload, _ errand: TusErrand
  ) async throws(JournalError) -> DeliveryOutcome? {
    let delivery = errand.delivery
    let request = endpoint.join(addresses, metadata: UploadMetadata(delivery).header)
    var patient = timeouts
    // The server reads and writes the whole file before it answers.
    patient.stall = max(patient.stall, .seconds(30 + delivery.bytes / (20 << 20)))
    let answer: TusAnswer
    do {
      let response = try await curl.perform(
        Request(request.method, request.url, headers: request.headers, timeouts: patient))
      clock.take(response)
      answer = TusAnswer(response, now: Date())
    } catch {
      guard error.isRetryable else { return Self.outcome(of: error) }
      let error = await curl.explain(error, for: request.url, clock: clock)
      return .stopped(DeliveryReason(error.code == .certificate ? .certificate : .offline, error.text))
    }
    if answer.speaksTus, Self.meansThatPartsAreOfNoUse.contains(answer.status) {
      // Whatever it is that the server does not like about them: the file goes whole, and this server gets no more parts.
      features?.joinsParts = false
      try await journal.abandonParts(of: delivery)
      return .stopped(
        DeliveryReason(
          .forgotten,
          "The server does not make the file of its parts (\(answer.status))\(answer.detail.map { ": \($0)" } ?? ".")"
        ))
    }
    var upload = TusUpload(endpoint: endpoint, length: delivery.bytes, attempts: delivery.attempts)
    _ = upload.begin()
    switch upload.answered(answer) {
    case .done: return nil
    case .stop(let reason, let retryAfter): return .stopped(reason, retryAfter: retryAfter)
    case .create, .ask, .send:
      guard let made = upload.location else {
        return .stopped(DeliveryReason(.intercepted, "The server joined the parts and did not say where."))
      }
      return try await look(at: made, errand)
    }
  }

  /// Asks whether a file that was made of parts is whole, where the answer to its making did not say.
  private func look(at made: URL, _ errand: TusErrand) async throws(JournalError) -> DeliveryOutcome? {
    let request = endpoint.head(made)
    do {
      let response = try await curl.perform(
        Request(request.method, request.url, headers: request.headers, timeouts: timeouts))
      let answer = TusAnswer(response, now: Date())
      if answer.speaksTus, answer.offset == errand.delivery.bytes { return nil }
      return .stopped(
        DeliveryReason(.failing, "The server has not joined the parts yet (\(answer.status))."),
        retryAfter: answer.retryAfter)
    } catch {
      guard error.isRetryable else { return Self.outcome(of: error) }
      return .stopped(DeliveryReason(.offline, error.text))
    }
  }

  /// Answers to joining that sending the same parts again would get again.
  private static let meansThatPartsAreOfNoUse: Set<Int> = [400, 404, 405, 409, 410, 412, 415, 460, 501]

  /// Throws away, at the server, parts that nothing needs. They would expire there by themselves.
  func throwAbandonedAway() async {
    do {
      for upload in try await journal.abandonedUploads(to: album) {
        if features?.terminates == true {
          for address in upload.tags.values.compactMap(endpoint.resolve) {
            let request = endpoint.terminate(address)
            _ = try await curl.perform(
              Request(request.method, request.url, headers: request.headers, timeouts: timeouts))
          }
        }
        try await journal.forget(upload)
      }
    } catch {
      // The next run tries again.
      logger.info("Abandoned parts stay.", metadata: ["error": "\(error)"])
    }
  }
}
