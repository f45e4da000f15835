import Curl
import Foundation
import Journal
import Model
import Synchronization

/// Puts the bytes of one delivery into a bucket as an object named by its content: in one request, or in parts that go in
/// parallel and survive the process.
///
/// An object whose name is its content needs no lock: whoever has it there has the same.
struct AssetUpload: Sendable {
  let client: S3Client
  let journal: Journal
  let delivery: Delivery
  let source: DeliverySource
  let key: String
  /// What is sent at once: the parts of an original that is alone take them all.
  let lines: SendingLines
  let meter: ThroughputMeter
  /// As `DestinationClient.carry` has it.
  let heard: @Sendable () async -> Bool

  /// What came of it.
  enum Outcome: Sendable {
    /// All bytes are there, as an object.
    case stored
    case stopped(DeliveryReason, retryAfter: Duration? = nil)
    /// It is not to go on now; the journal says which parts are there.
    case laidAside
    case cancelled
  }

  /// Ends an upload from within one of its steps.
  private enum Stop: Error {
    case outcome(Outcome)
    case journal(JournalError)
  }

  /// - Throws: `JournalError` when what was learnt could not be written down.
  func run() async throws(JournalError) -> Outcome {
    do throws(Stop) {
      try await store()
      return .stored
    } catch {
      switch error {
      case .outcome(let outcome): return outcome
      case .journal(let error): throw error
      }
    }
  }

  private func store() async throws(Stop) {
    let open = try await noting { () throws(JournalError) in try await journal.partedUpload(of: delivery) }
    if let open, try await resume(open) { return }
    let isWhole = delivery.bytes <= S3Parts.longestWhole
    // Tried before: its last answer may have been lost. A large one is worth a question in any case: another laptop may
    // have sent it, or the album only lost it from its feed (`queue verify --repair`).
    if !isWhole || delivery.attempts > 0 || delivery.state == .sending, try await isThere() { return }
    if isWhole {
      try await sendWhole()
    } else {
      let parts = S3Parts(length: delivery.bytes)
      let begun = try await asking { () throws(CurlError) in
        try await client.beginParts(key, headers: headers)
      }
      guard let id = begun.id else { throw stop(begun.answer) }
      let upload = try await noting { () throws(JournalError) in
        try await journal.beginParts(of: delivery, object: key, uploadID: id, partBytes: parts.partBytes)
      }
      try await goOn()
      try await send(upload, parts)
    }
  }

  // MARK: In one request

  private func sendWhole() async throws(Stop) {
    try await check()
    var condition = WriteCondition.absent
    while true {
      let line = delivery.kind == .original ? try await line(for: delivery.bytes) : nil
      defer { line?.release() }
      let request = S3Request(
        method: .put, key: key, headers: headers.fields, body: body(0..<delivery.bytes),
        payload: delivery.hash, priority: priority, onProgress: progress(line))
      let answer = try await asking { () throws(CurlError) in try await client.put(request, condition) }
      if answer.isSuccess, answer.tag != nil { break }
      // Somebody has put this content there before, or another one half of it.
      guard answer.code == "PreconditionFailed" || answer.status == 412, condition == .absent else {
        throw stop(answer)
      }
      if try await isThere() { return }
      condition = .none
    }
    _ = await heard()
    try await check()
    // An original is looked at once more: it is what may be deleted on the card one day.
    if delivery.kind == .original { try await expectThere() }
  }

  // MARK: In parts

  /// Goes on with an upload of an earlier run: the store says which parts it has.
  /// - Returns: `false` if it has to be begun again.
  private func resume(_ upload: PartedUpload) async throws(Stop) -> Bool {
    let parts = S3Parts(length: delivery.bytes, partBytes: upload.partBytes)
    guard upload.object == key, parts.count <= S3Parts.most else {
      try await noting { () throws(JournalError) in try await journal.abandonParts(of: delivery) }
      return false
    }
    let listed = try await asking { () throws(CurlError) in
      try await client.listParts(key, id: upload.uploadID)
    }
    guard let there = listed.parts else {
      guard listed.answer.code == "NoSuchUpload" else { throw stop(listed.answer) }
      // Complete ends an upload too, and its answer may have been lost.
      if try await isThere() { return true }
      try await noting { () throws(JournalError) in try await journal.abandonParts(of: delivery) }
      return false
    }
    var upload = upload
    upload.tags = parts.tags(of: there)
    let known = upload.tags.reduce(into: [Int: (bytes: Int64, tag: String)]()) { known, part in
      let range = parts.range(of: part.key)
      known[part.key] = (range.upperBound - range.lowerBound, part.value)
    }
    let adopted = upload
    try await noting { () throws(JournalError) in
      try await journal.adoptParts(known, in: adopted, of: delivery)
    }
    try await goOn()
    try await send(upload, parts)
    return true
  }

  /// Sends the parts that are missing, several at once, and makes the object of them.
  private func send(_ upload: PartedUpload, _ parts: S3Parts) async throws(Stop) {
    try await check()
    var tags = upload.tags
    var missing = (1...parts.count).filter { tags[$0] == nil }[...]
    // One more than there are lines: it is ready when one of them is free.
    let places = lines.count + 1
    let failure: Stop? = await withTaskGroup(of: Result<(Int, String), Stop>.self) { group in
      var failure: Stop?
      for number in missing.prefix(places) { group.addTask { await self.sendPart(number, upload, parts) } }
      missing = missing.dropFirst(places)
      for await result in group {
        switch result {
        case .success(let (number, tag)):
          tags[number] = tag
          // Those under way go on after a failure: what they bring need not be sent again.
          guard failure == nil else { continue }
          if await !heard(), !missing.isEmpty {
            failure = .outcome(.laidAside)
          } else if let number = missing.popFirst() {
            group.addTask { await self.sendPart(number, upload, parts) }
          }
        case .failure(let error):
          failure = failure ?? error
        }
      }
      return failure
    }
    if let failure {
      if case .outcome(.stopped(let reason, _)) = failure, reason.code == .forgotten {
        try await noting { () throws(JournalError) in try await journal.abandonParts(of: delivery) }
      }
      throw failure
    }
    try await check()
    try await complete(upload, tags)
  }

  private func sendPart(
    _ number: Int, _ upload: PartedUpload, _ parts: S3Parts
  ) async -> Result<(Int, String), Stop> {
    do throws(Stop) {
      let range = parts.range(of: number)
      let digest: ContentHash
      do {
        digest = try await source.hash(of: range)
      } catch {
        throw Stop.outcome(.stopped(error.reason))
      }
      let line = try await line(for: range.upperBound - range.lowerBound)
      defer { line.release() }
      // The wait for a line may have been long, and the network be another by now.
      try await goOn()
      let request = S3Request(
        method: .put, key: key, query: [("partNumber", String(number)), ("uploadId", upload.uploadID)],
        body: body(range), payload: digest, priority: priority, onProgress: progress(line))
      let answer = try await asking { () throws(CurlError) in try await client.send(request) }
      guard answer.isSuccess, let tag = answer.tag else { throw stop(answer) }
      try await noting { () throws(JournalError) in
        try await journal.acknowledgePart(
          number, bytes: range.upperBound - range.lowerBound, tag: tag, in: upload, of: delivery)
      }
      return .success((number, tag))
    } catch {
      return .failure(error)
    }
  }

  private func complete(_ upload: PartedUpload, _ tags: [Int: String]) async throws(Stop) {
    let answer = try await meter.assembling { () throws(Stop) in
      try await asking { () throws(CurlError) in
        try await client.completeParts(key, id: upload.uploadID, tags: tags, bytes: delivery.bytes)
      }
    }
    guard answer.isSuccess, S3Document(answer.body)?.name == "CompleteMultipartUploadResult" else {
      switch answer.code {
      case "NoSuchUpload", "ConditionalRequestConflict", "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
        // Nothing can be made of these parts; or it was made, and the answer was lost.
        if try await isThere() { return }
        try await noting { () throws(JournalError) in try await journal.abandonParts(of: delivery) }
      default: break
      }
      throw stop(answer)
    }
    try await expectThere()
  }

  /// The store answered as it should.
  private func goOn() async throws(Stop) {
    if await !heard() { throw .outcome(.laidAside) }
  }

  // MARK: Looking

  private func isThere() async throws(Stop) -> Bool {
    let (presence, answer) = try await asking { () throws(CurlError) in try await client.head(key) }
    switch presence {
    case .there(let bytes, _):
      return bytes == delivery.bytes && answer.sha256 ?? delivery.hash == delivery.hash
    case .absent: return false
    // Keys that may write and not read: what is asked for cannot be known, and is sent.
    case nil where answer.status == 403: return false
    case nil: throw stop(answer)
    }
  }

  private func expectThere() async throws(Stop) {
    let (presence, answer) = try await asking { () throws(CurlError) in try await client.head(key) }
    switch presence {
    case .there(let bytes, _) where bytes == delivery.bytes: return
    case .there(let bytes, _):
      throw Stop.outcome(
        .stopped(
          DeliveryReason(
            .corrupted, "The store has \(bytes.map(String.init) ?? "no") of \(delivery.bytes) bytes.")))
    case .absent:
      throw Stop.outcome(.stopped(DeliveryReason(.forgotten, "The store does not have what it took.")))
    case nil where answer.status == 403: return
    case nil: throw stop(answer)
    }
  }

  private func check() async throws(Stop) {
    do {
      try await source.check()
    } catch {
      throw Stop.outcome(.stopped(error.reason))
    }
  }

  // MARK: What requests have in common

  private var priority: Request.Priority { delivery.kind == .original ? .background : .foreground }

  private var headers: ObjectHeaders {
    ObjectHeaders(
      contentType: delivery.kind == .original ? MediaType.forFile(named: delivery.name) : delivery.mediaType,
      cacheControl: ObjectHeaders.immutable,
      contentDisposition: delivery.kind == .original ? ObjectHeaders.attachment(named: delivery.name) : nil)
  }

  private func line(for bytes: Int64) async throws(Stop) -> SendingLine {
    guard let line = await lines.take(for: delivery.id, bytes: bytes) else { throw .outcome(.cancelled) }
    return line
  }

  private func progress(_ line: SendingLine?) -> @Sendable (Int64) -> Void {
    { [meter] count in
      meter.add(count)
      line?.sent(count)
    }
  }

  private func body(_ range: Range<Int64>) -> Request.Body {
    .file(source.file, offset: range.lowerBound, length: range.upperBound - range.lowerBound)
  }

  private func stop(_ answer: S3Answer) -> Stop {
    .outcome(.stopped(answer.failure, retryAfter: answer.retryAfter))
  }

  private func asking<Value: Sendable>(
    _ body: () async throws(CurlError) -> Value
  ) async throws(Stop) -> Value {
    do {
      return try await body()
    } catch {
      throw .outcome(Self.outcome(of: error))
    }
  }

  private func noting<Value: Sendable>(
    _ body: () async throws(JournalError) -> Value
  ) async throws(Stop) -> Value {
    do {
      return try await body()
    } catch {
      throw .journal(error)
    }
  }

  /// What a request without an answer means.
  static func outcome(of error: CurlError) -> Outcome {
    switch error.code {
    case .cancelled, .stopped: .cancelled
    case .unreadableBody: .stopped(DeliveryReason(.fileUnreadable, error.text))
    case .certificate: .stopped(DeliveryReason(.certificate, error.text))
    case .badURL: .stopped(DeliveryReason(.refused, error.text))
    default: .stopped(DeliveryReason(.offline, error.text))
    }
  }
}

extension ObjectHeaders {
  /// Has a browser save a file under its own name (RFC 6266).
  static func attachment(named name: String) -> String {
    let plain = String(
      name.unicodeScalars.map { scalar in
        scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F
          && !"\"\\%".unicodeScalars.contains(scalar)
          ? Character(scalar) : "_"
      })
    return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(S3Signature.encode(name))"
  }
}
