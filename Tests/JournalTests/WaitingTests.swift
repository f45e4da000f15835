import Foundation
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("What the journal knows of why deliveries wait")
struct WaitingTests {
  let temporary: TemporaryJournal
  let journal: Journal
  let album = "s3://bucket/party"

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  private func take(_ number: Int) async throws -> Frame {
    let original = try temporary.spooled("IMG_000\(number).JPG", "original \(number)", in: journal)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: [album]
    ).frame
  }

  private func render(_ frame: Frame) async throws {
    let rendition = try temporary.rendition(.preview, "preview \(frame.id)", in: journal)
    try await journal.recordRenditions([rendition], facts: nil, failure: nil, of: frame)
  }

  private func original(of frame: Frame) async throws -> Delivery {
    try #require(
      try await journal.openDeliveries(limit: 99).first { $0.frame == frame.hash && $0.kind == .original })
  }

  @Test("An original waits for its renditions, then for what is published of it, then to be shown")
  func steps() async throws {
    try await journal.beginPublishing(OriginalWishes(arePrepared: true))
    let frame = try await take(1)
    #expect(try await original(of: frame).step == .rendering)
    try await render(frame)
    #expect(try await original(of: frame).step == .preparing)
    try await journal.record(.asItIs, of: frame.original)
    #expect(try await original(of: frame).step == nil)
    try await journal.markStored(try await original(of: frame))
    #expect(try await original(of: frame).step == .showing)
    try await journal.park(try await original(of: frame), reason: "the keys", code: "notAllowed")
    let parked = try await original(of: frame)
    #expect(parked.step == nil && parked.reason == "the keys")
  }

  @Test(
    "What failed on this machine is the reason, whatever a destination said before", arguments: [true, false])
  func failedStep(retouches: Bool) async throws {
    if !retouches { try await journal.beginPublishing(OriginalWishes(arePrepared: true)) }
    let frame = try await take(1)
    try await journal.postpone(
      try await original(of: frame), until: Date(timeIntervalSinceNow: 60), reason: "offline", code: "offline"
    )
    if retouches {
      try await journal.record(.held(reason: "no retouching"), of: frame)
    } else {
      try await render(frame)
      try await journal.record(.held(reason: "no room"), of: frame.original)
    }
    let delivery = try await original(of: frame)
    #expect(delivery.step == .failed)
    #expect(delivery.reason == (retouches ? "no retouching" : "no room"))
  }

  @Test("Deliveries in one situation are one row, and what failed last comes first")
  func grouped() async throws {
    let now = Date()
    for number in 1...3 { try await render(try await take(number)) }
    let originals = try await journal.dueDeliveries(to: album, kinds: [.original], limit: 9)
    try await journal.postpone(
      originals[0], until: now + 60, reason: "zzz came first", code: "locked", now: now - 10)
    try await journal.postpone(
      originals[1], until: now + 30, reason: "aaa came last", code: "busy", now: now)
    let rows = try await journal.waitingDeliveries()
    #expect(rows.map(\.situation.reason) == ["aaa came last", "zzz came first", nil, nil])
    #expect(rows.map(\.situation.reasonCode) == ["busy", "locked", nil, nil])
    #expect(rows.map(\.count) == [1, 1, 1, 3])
    #expect(rows.map(\.situation.kind) == [.original, .original, .original, .preview])
    #expect(rows.map(\.bytes) == [10, 10, 10, 27])
    #expect(rows.map { $0.nextTryAt != nil } == [true, true, false, false])
    #expect(rows.allSatisfy { $0.since != nil && $0.situation.album == album })
  }

  @Test("What is dropped leaves nothing at the store, and is shown no more")
  func dropped() async throws {
    let frame = try await take(1)
    try await render(frame)
    let delivery = try await original(of: frame)
    _ = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
    #expect(try await journal.abandonedUploads(to: album).isEmpty)
    _ = try await journal.drop(QueueSelection())
    #expect(try await journal.abandonedUploads(to: album).map(\.uploadID) == ["u1"])

    let stored = try await take(2)
    try await render(stored)
    try await journal.markStored(try await original(of: stored))
    #expect(try await journal.storedDeliveries(of: [stored.hash], to: album).count == 1)
    _ = try await journal.drop(QueueSelection(frames: [stored.id]))
    #expect(try await journal.storedDeliveries(of: [stored.hash], to: album).isEmpty)
    _ = try await journal.send(.all, to: [], originals: OriginalsPolicy())
    #expect(
      try await journal.dueDeliveries(to: album, kinds: [.original], limit: 9).map(\.frame)
        == [frame.hash, stored.hash], "it goes again")
  }
}

@Suite("Who may write a journal")
struct LockTests {
  @Test("A change by hand keeps no run from beginning")
  func change() async throws {
    let temporary = try TemporaryJournal()
    let (changed, isRunning) = try await Journal.openForChanges(at: temporary.path, spool: temporary.spool)
    #expect(!isRunning)
    #expect(!JournalLock.isHeld(beside: temporary.path))
    let run = try await temporary.open()
    #expect(JournalLock.holder(beside: temporary.path) == getpid())
    _ = try await changed.retry()
    #expect(try await Journal.openForChanges(at: temporary.path, spool: temporary.spool).isRunning)
    await #expect(throws: JournalError.self) { try await temporary.open() }
    withExtendedLifetime(run) {}
  }

  @Test("Who has it for a moment is waited for")
  func patience() async throws {
    let temporary = try TemporaryJournal()
    _ = try await Journal.openForChanges(at: temporary.path, spool: temporary.spool)
    let path = temporary.folder.appending("journal.lock")
    var moment: JournalLock? = try JournalLock(at: path)
    #expect(moment != nil)
    async let run = temporary.open()
    moment = nil
    _ = try await run
  }
}
