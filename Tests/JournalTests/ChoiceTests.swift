import Foundation
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("Which frames go, and the queue by hand")
struct ChoiceTests {
  let temporary: TemporaryJournal
  let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  private static let none = SendingPolicy(frames: .none)
  private static let marked = SendingPolicy(frames: .marked)

  private func take(
    _ number: Int, policy: SendingPolicy = SendingPolicy(), mark: FrameMark = FrameMark(),
    album: String = "Party"
  ) async throws -> (frame: Frame, object: SourceObject) {
    let name = "IMG_000\(number).JPG"
    let original = try temporary.spooled(name, "original \(number)", in: journal)
    let object = SourceObject(folder: "/store_1/DCIM", name: name, bytes: original.bytes, modified: 1000)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7", object: object, mark: mark), session: nil,
      albums: [album], policy: policy
    ).frame
    return (frame, object)
  }

  private func render(_ frame: Frame, rating: Int? = nil) async throws {
    let renditions = try [AssetKind.thumbnail, .preview].map {
      try temporary.rendition($0, "\($0) of \(frame.id)", in: journal)
    }
    try await journal.recordRenditions(
      renditions, facts: PictureFacts(rating: rating), failure: nil, of: frame)
  }

  private func waiting() async throws -> [String] {
    try await journal.openDeliveries(limit: 99).map { "\($0.kind) \($0.name)" }
  }

  @Test("A frame that is not sent is safe, is not rendered, waits for nobody and is not called delivered")
  func notSent() async throws {
    let frame = try await take(1, policy: Self.none).frame
    #expect(try await journal.framesToRender(limit: 9).isEmpty)
    #expect(try await waiting().isEmpty)
    #expect(try await journal.keptBack(from: ["Party"]) == [frame.hash])
    #expect(try await journal.isDelivered(frame.hash, to: ["Party"]), "nothing is open")
    let row = try #require(try await journal.openDeliveries(limit: 9, held: true).first)
    #expect(row.state == .held)
    #expect(try await journal.backlogs().map(\.held) == [1])
  }

  @Test("A mark on the camera sends a frame, also later; a mark that is taken back calls nothing back")
  func marks() async throws {
    let (plain, object) = try await take(1, policy: Self.marked)
    let starred = try await take(2, policy: Self.marked, mark: FrameMark(rating: 1)).frame
    #expect(try await waiting() == ["original IMG_0002.JPG"])
    #expect(starred.mark.rating == 1)
    func note(_ mark: FrameMark) async throws -> [ContentHash] {
      try await journal.note([object: mark], source: "7", albums: ["Party"], policy: Self.marked).map(\.hash)
    }
    #expect(try await note(FrameMark()).isEmpty)
    #expect(try await note(FrameMark(isProtected: true)) == [plain.hash])
    #expect(try await note(FrameMark(isProtected: true)).isEmpty, "once")
    #expect(try await note(FrameMark()).isEmpty)
    #expect(try await waiting().count == 2)
    #expect(try await journal.framesToRender(limit: 9).count == 2)
  }

  @Test("rated:N wants N stars; protection alone is none")
  func rated() async throws {
    let policy = SendingPolicy(frames: .rated(3))
    let (_, object) = try await take(1, policy: policy, mark: FrameMark(rating: 2, isProtected: true))
    #expect(try await waiting().isEmpty)
    _ = try await journal.note(
      [object: FrameMark(rating: 4)], source: "7", albums: ["Party"], policy: policy)
    #expect(try await waiting() == ["original IMG_0001.JPG"])
  }

  @Test("What was kept back is sent when a person says so: one, the marked, the rated, all")
  func send() async throws {
    let one = try await take(1, policy: Self.none).frame
    _ = try await take(2, policy: Self.none, mark: FrameMark(rating: 4))
    _ = try await take(3, policy: Self.none, mark: FrameMark(isProtected: true))
    _ = try await take(4, policy: Self.none)
    func send(_ held: HeldFrames) async throws -> Int {
      try await journal.send(held, to: [], originals: OriginalsPolicy()).frames
    }
    #expect(try await send(.frames([one.id])) == 1)
    #expect(try await send(.frames([one.id])) == 0)
    #expect(try await send(.rated(4)) == 1)
    #expect(try await send(.marked) == 1)
    #expect(try await send(.all) == 1)
    #expect(try await waiting().count == 4)
    #expect(try await journal.keptBack(from: ["Party"]).isEmpty)
    #expect(
      try await journal.send(.frames([one.id]), to: ["Other"], originals: OriginalsPolicy()).frames == 0,
      "it was not kept back from the other album")
    #expect(try await journal.openDeliveries(limit: 9).contains { $0.album == "Other" })
  }

  @Test("Dropping takes deliveries out and keeps what is delivered and every original")
  func drop() async throws {
    let one = try await take(1).frame
    let two = try await take(2).frame
    try await render(one)
    try await render(two)
    let thumbnail = try #require(
      try await journal.dueDeliveries(to: "Party", kinds: [.thumbnail], limit: 9).first {
        $0.frame == one.hash
      })
    try await journal.markSent(thumbnail)
    #expect(
      try await journal.drop(QueueSelection(frames: [one.id])) == QueueChange(frames: 1, deliveries: 2))
    #expect(try await waiting().allSatisfy { $0.hasSuffix("IMG_0002.JPG") })
    #expect(try await journal.drop(QueueSelection(album: "Nobody")) == QueueChange())
    #expect(try await journal.drop(QueueSelection(isParkedOnly: true)) == QueueChange())
    #expect(FileManager.default.fileExists(atPath: one.original.path.string))
    #expect(try await journal.keptBack(from: ["Party"]).isEmpty, "its thumbnail is in the album")
    #expect(try await journal.drop(QueueSelection(frames: [two.id])).deliveries == 3)
    #expect(try await journal.keptBack(from: ["Party"]) == [two.hash])
    #expect(try await journal.send(.all, to: [], originals: OriginalsPolicy()).frames == 2)
    #expect(try await waiting().count == 5, "all but the thumbnail that is there")
  }

  @Test("A delivery that is dropped while it is under way stays dropped")
  func droppedUnderWay() async throws {
    let frame = try await take(1).frame
    try await render(frame)
    let original = try #require(
      try await journal.dueDeliveries(to: "Party", kinds: [.original], limit: 1).first)
    try await journal.beginSending(original, uploadURL: "/u")
    _ = try await journal.drop(QueueSelection())
    try await journal.acknowledge(original, offset: 3)
    try await journal.postpone(original, until: Date(), reason: "x")
    #expect(try await journal.openDeliveries(limit: 9).isEmpty)
    #expect(try await journal.openDeliveries(limit: 9, held: true).map(\.offset) == [0])
  }

  @Test("What is pushed to the front goes before all of its kind, the last pushed first, and at once")
  func first() async throws {
    var frames: [Frame] = []
    for number in 1...4 {
      let frame = try await take(number).frame
      if number == 4 {
        // Pushed before it is rendered: its renditions are made first.
        _ = try await journal.pushToFront([frames[0].id])
        #expect(try await journal.framesToRender(limit: 9).first?.id == frames[0].id)
      }
      frames.append(frame)
    }
    for frame in frames { try await render(frame) }
    let put = try #require(try await journal.dueDeliveries(to: "Party", kinds: [.original], limit: 9).last)
    try await journal.postpone(put, until: Date(timeIntervalSinceNow: 600), reason: "later", code: "locked")
    #expect(try await journal.openDeliveries(limit: 99).contains { $0.reasonCode == "locked" })
    _ = try await journal.pushToFront([frames[3].id])
    let due = try await journal.dueDeliveries(to: "Party", limit: 9)
    let order = [frames[3], frames[0], frames[2], frames[1]].map(\.hash)
    #expect(due.filter { $0.kind == .preview }.map(\.frame) == order)
    #expect(
      due.filter { $0.kind == .original }.map(\.frame)
        == [frames[3], frames[0], frames[1], frames[2]].map(\.hash))
    #expect(try await journal.dueDeliveries(to: "Party", kinds: [.original], limit: 1).count == 1)
  }

  @Test("A frame is named by its file or by the first digits of any of its originals")
  func naming() async throws {
    let frame = try await take(1).frame
    #expect(try await journal.frames(named: "img_0001.jpg").map(\.id) == [frame.id])
    #expect(
      try await journal.frames(named: String(frame.hash.hex.prefix(5).uppercased())).map(\.id) == [frame.id])
    #expect(try await journal.frames(named: frame.hash.hex).map(\.id) == [frame.id])
    #expect(try await journal.frames(named: "abc").isEmpty)
    #expect(try await journal.frames(named: "").isEmpty)
  }

  @Test("What an album has lost is queued again, once")
  func requeue() async throws {
    let frame = try await take(1).frame
    try await render(frame)
    for delivery in try await journal.dueDeliveries(to: "Party", limit: 9) {
      try await journal.markSent(delivery)
    }
    let sent = try await journal.sentDeliveries(to: "Party", after: 0, limit: 2)
    #expect(sent.count == 2)
    #expect(try await journal.sentDeliveries(to: "Party", after: sent[1].id, limit: 9).count == 1)
    #expect(try await journal.requeue(sent) == 2)
    #expect(try await journal.requeue(sent) == 0)
    #expect(try await waiting().count == 2)
  }

  @Test("A person changes the queue while a run has the journal, and the run notices")
  func besideARun() async throws {
    let frame = try await take(1, policy: Self.none).frame
    let journal = journal
    let following = Task { await journal.followOtherWriters() }
    defer { following.cancel() }
    // The first look is the one that later ones are compared with.
    try await Task.sleep(for: .milliseconds(100))
    let (other, isRunning) = try await Journal.openForChanges(at: temporary.path, spool: temporary.spool)
    #expect(isRunning)
    let ticks = journal.ticks()
    #expect(try await other.send(.frames([frame.id]), to: [], originals: OriginalsPolicy()).frames == 1)
    var waited = 0
    for await _ in ticks {
      waited += 1
      if waited == 2 { break }
    }
    #expect(try await waiting() == ["original IMG_0001.JPG"])
  }
}
