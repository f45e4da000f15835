import Curl
import Foundation
import Journal
import Logging
import Model

/// Files in parallel parts (tus 1.0, "Concatenation"): each part is an upload of its own, with an address and an offset of its
/// own in the journal, and the server joins them.
extension TusClient {
  /// Sends what is missing of the parts, as many at once as there are lines, and has them joined.
  /// - Returns: `nil` if the server makes no file of them: they are given up, and the file is to go whole.
  func carry(_ parted: PartedUpload, _ errand: TusErrand) async throws(JournalError) -> DeliveryOutcome? {
    let delivery = errand.delivery
    let parts = TusParts(length: delivery.bytes, partBytes: parted.partBytes)
    if delivery.offset == delivery.bytes, parted.tags.count == parts.count {
      // Perhaps only the answer to the joining is missing, and the parts are gone since: they are not asked about first.
      var joining = await join(parted.tags, errand)
      if case .refused(let answer) = joining, Self.mayMissAPart.contains(answer.status) {
        // They go when the file is made of them. An earlier joining that got no answer may have done that while this one looked
        // at them, and then the album knows the file by now.
        joining = await join(parted.tags, errand)
      }
      guard case .refused(let answer) = joining, Self.mayMissAPart.contains(answer.status) else {
        return try await settle(joining, parted, errand)
      }
    }
    switch await send(parts, of: parted, errand) {
    case .success(let addresses): return try await settle(join(addresses, errand), parted, errand)
    case .failure(.outcome(let outcome)): return try await finish(outcome, errand)
    case .failure(.journal(let error)): throw error
    }
  }

  private func settle(
    _ joining: Joining, _ parted: PartedUpload, _ errand: TusErrand
  ) async throws(JournalError) -> DeliveryOutcome? {
    switch joining {
    case .joined:
      let outcome = try await finish(nil, errand)
      if outcome == .sent { try await journal.forget(parted) }
      return outcome
    case .stopped(let outcome):
      return try await finish(outcome, errand)
    case .refused(let answer):
      logger.info(
        "The server makes no file of its parts, and gets it whole.",
        metadata: [
          "name": "\(errand.delivery.name)", "status": "\(answer.status)", "words": "\(answer.detail ?? "")",
        ])
      features?.joinsParts = false
      try await journal.abandonParts(of: errand.delivery)
      // They hold the room that the whole needs.
      await throwAbandonedAway()
      do {
        if answer.status == 460 { try await errand.source.verify(errand.delivery.hash) }
      } catch {
        return .stopped(error.reason)
      }
      return nil
    }
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
      location: part.upload.tags[part.number].flatMap(endpoint.resolve))
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

  /// What came of joining the parts.
  private enum Joining {
    case joined
    /// Not now, or not before a person acts.
    case stopped(DeliveryOutcome)
    /// Not of these parts.
    case refused(TusAnswer)
  }

  /// Has the server make a file of its parts.
  /// - Parameter addresses: the parts' by their numbers, all of them.
  private func join(_ addresses: [Int: String], _ errand: TusErrand) async -> Joining {
    let delivery = errand.delivery
    let request = endpoint.join(
      addresses.sorted { $0.key < $1.key }.map(\.value), metadata: UploadMetadata(delivery).header)
    let answer: TusAnswer
    do {
      let response = try await meter.assembling { () throws(CurlError) in
        try await curl.perform(
          Request(
            request.method, request.url, headers: request.headers,
            timeouts: timeouts.patient(forFileOf: delivery.bytes)))
      }
      clock.take(response)
      answer = TusAnswer(response, now: Date())
    } catch {
      guard error.isRetryable else { return .stopped(Self.outcome(of: error)) }
      let error = await curl.explain(error, for: request.url, clock: clock)
      return .stopped(
        .stopped(DeliveryReason(error.code == .certificate ? .certificate : .offline, error.text)))
    }
    if answer.speaksTus, Self.refusals.union(Self.mayMissAPart).contains(answer.status) {
      return .refused(answer)
    }
    var upload = TusUpload(endpoint: endpoint, length: delivery.bytes)
    _ = upload.begin()
    switch upload.answered(answer) {
    case .done: return .joined
    case .stop(let reason, let retryAfter): return .stopped(.stopped(reason, retryAfter: retryAfter))
    case .create, .ask, .identify, .send:
      return .stopped(
        .stopped(
          DeliveryReason(
            .failing, "The server took the parts, and does not say that the file is there (\(answer.status))."
          )))
    }
  }

  /// Answers to joining that may mean that a part has expired or was lost. What each part is, HEAD says.
  private static let mayMissAPart: Set<Int> = [400, 404, 409, 410]
  /// Answers that sending the same parts again would get again. 507: the server needs room for the parts and the whole at
  /// once, and the parts would keep it from getting that for as long as they are there.
  private static let refusals: Set<Int> = [405, 412, 415, 460, 501, 507]

  /// Throws away, at the server, parts that nothing needs. They would expire there by themselves.
  func throwAbandonedAway() async {
    do {
      for upload in try await journal.abandonedUploads(to: album) {
        if features?.terminates == true {
          for address in upload.tags.values.compactMap(endpoint.resolve) {
            let request = endpoint.terminate(address)
            let answer = TusAnswer(
              try await curl.perform(
                Request(request.method, request.url, headers: request.headers, timeouts: timeouts)),
              now: Date())
            // Whoever says no, or knows of none, says the same next time; another answer is none.
            guard answer.speaksTus, answer.status < 500, ![408, 423, 425, 429].contains(answer.status) else {
              return logger.info("Abandoned parts stay.", metadata: ["status": "\(answer.status)"])
            }
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
