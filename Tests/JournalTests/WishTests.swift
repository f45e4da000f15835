import Foundation
import Journal
import Model
import SystemPackage
import Testing

/// What a run asks of originals counts for every process that queues one meanwhile.
@Suite("What a run wishes for originals")
struct WishTests {
  private let temporary: TemporaryJournal
  /// The run's.
  private let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  /// A frame that an earlier run, which wished nothing, has sent.
  private func sent(_ name: String = "IMG_0001.JPG") async throws -> Frame {
    try await journal.beginPublishing(OriginalWishes())
    let original = try temporary.spooled(name, name, in: journal)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Private"]
    ).frame
    try await journal.recordRenditions([], facts: nil, failure: nil, of: frame)
    for delivery in try await journal.dueDeliveries(to: "Private", limit: 9) {
      try await journal.markSent(delivery)
    }
    return frame
  }

  private func due(to album: String) async throws -> [ContentHash] {
    try await journal.dueDeliveries(to: album, kinds: [.original], limit: 9).map(\.hash)
  }

  /// What is to be prepared: whether without its location.
  private func preparations() async throws -> [Bool] {
    try await journal.preparations(limit: 9).compactMap {
      if case .original(_, let wishes) = $0.part { wishes.areWithoutLocation } else { nil }
    }
  }

  private func queued(_ change: (Journal) async throws -> Void) async throws {
    let (other, _) = try await Journal.openForChanges(at: temporary.path, spool: temporary.spool)
    try await change(other)
  }

  @Test("A run that wishes nothing writes nothing as it begins: the disk may be full")
  func nothing() async throws {
    _ = try await sent()
    func log() throws -> Data { try Data(contentsOf: URL(filePath: temporary.path.string + "-wal")) }
    let before = try log()
    try await journal.beginPublishing(OriginalWishes())
    #expect(try log() == before)
  }

  @Test("An original that another process sends to a public album waits until its location is out")
  func send() async throws {
    let frame = try await sent()
    try await journal.beginPublishing(OriginalWishes(areWithoutLocation: true))
    try await queued {
      _ = try await $0.send(.frames([frame.id]), to: ["Public"], originals: OriginalsPolicy())
    }
    #expect(try await due(to: "Public") == [])
    #expect(try await preparations() == [true])
    let copy = DerivedFile(
      hash: ContentHash(of: [1]), name: "IMG_0001.JPG", mediaType: "image/jpeg", bytes: 1,
      path: temporary.spool.appending("copy"))
    try await journal.record(.copy(copy), of: frame.original)
    #expect(try await due(to: "Public") == [copy.hash])
  }

  @Test("An original that another process queues again waits until it is prepared", arguments: [true, false])
  func requeue(areWithoutLocation: Bool) async throws {
    _ = try await sent()
    try await journal.beginPublishing(
      OriginalWishes(arePrepared: true, areWithoutLocation: areWithoutLocation))
    try await queued { other in
      let sent = try await other.sentDeliveries(to: "Private", after: 0, limit: 9)
      #expect(try await other.requeue(sent.filter { $0.kind == .original }) == 1)
    }
    #expect(try await due(to: "Private") == [])
    #expect(try await preparations() == [areWithoutLocation])
  }

  @Test("A copy that still has its location goes nowhere, though it was published before")
  func copyWithLocation() async throws {
    let frame = try await sent()
    try await journal.beginPublishing(OriginalWishes(arePrepared: true))
    try await queued {
      _ = try await $0.send(.frames([frame.id]), to: ["Second"], originals: OriginalsPolicy())
    }
    try await journal.record(.asItIs, of: frame.original)
    for delivery in try await journal.dueDeliveries(to: "Second", limit: 9) {
      try await journal.markSent(delivery)
    }
    try await journal.beginPublishing(OriginalWishes(areWithoutLocation: true))
    try await queued {
      _ = try await $0.send(.frames([frame.id]), to: ["Public"], originals: OriginalsPolicy())
    }
    #expect(try await due(to: "Public") == [])
    #expect(try await preparations() == [true])
  }

  @Test("A run that wishes nothing lets originals go as they are")
  func none() async throws {
    let frame = try await sent()
    try await journal.beginPublishing(OriginalWishes(areWithoutLocation: true))
    try await journal.beginPublishing(OriginalWishes())
    try await queued {
      _ = try await $0.send(.frames([frame.id]), to: ["Second"], originals: OriginalsPolicy())
    }
    #expect(try await due(to: "Second") == [frame.hash])
  }

  @Test("What is queued while no run is at work comes under the next one's wishes, not under the last one's")
  func betweenRuns() async throws {
    let temporary = try TemporaryJournal()
    let frame: Frame
    do {
      let run = try await temporary.open()
      try await run.beginPublishing(OriginalWishes(areWithoutLocation: true))
      let original = try temporary.spooled("IMG_0001.JPG", "original", in: run)
      frame = try await run.recordSafe(
        SafeOriginal(original: original, source: "7"), session: nil, albums: []
      ).frame
      try await run.recordRenditions([], facts: nil, failure: nil, of: frame)
    }
    do {
      let (other, isRunning) = try await Journal.openForChanges(at: temporary.path, spool: temporary.spool)
      #expect(!isRunning)
      _ = try await other.send(.frames([frame.id]), to: ["Private"], originals: OriginalsPolicy())
    }
    let run = try await temporary.open()
    try await run.beginPublishing(OriginalWishes())
    #expect(
      try await run.dueDeliveries(to: "Private", kinds: [.original], limit: 9).map(\.hash) == [frame.hash])
  }
}
