import Foundation
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("Originals that leave the spool")
struct PruneTests {
  let temporary: TemporaryJournal
  let journal: Journal
  let album = "tus+http://127.0.0.1:1080/files"

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  private func exists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }

  /// A safe frame for some albums.
  @discardableResult
  private func record(_ name: String, albums: [String]? = nil) async throws -> Frame {
    let original = try temporary.spooled(name, "bytes of \(name)", in: journal)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: albums ?? [album]
    ).frame
  }

  private func deliver(_ frame: Frame, to album: String, now: Date = Date()) async throws {
    for delivery in try await journal.dueDeliveries(to: album, limit: 99) where delivery.frame == frame.hash {
      try await journal.markSent(delivery, now: now)
    }
  }

  @Test("Only what is delivered everywhere leaves, the oldest first, and by default nothing does")
  func delivered() async throws {
    let other = "tus+http://127.0.0.1:1081/files"
    let frames = [
      try await record("a.JPG"), try await record("b.JPG"),
      try await record("c.JPG", albums: [album, other]),
      try await record("d.JPG", albums: []), try await record("e.JPG"),
    ]
    for frame in [frames[1], frames[0], frames[2]] { try await deliver(frame, to: album) }
    try await journal.park(
      #require(try await journal.dueDeliveries(to: album, limit: 9).first { $0.frame == frames[4].hash }),
      reason: "the token")
    #expect(try await journal.prune(.forever).isEmpty)
    let rehearsed = try await journal.prune(.delivered, isRehearsal: true)
    #expect(rehearsed.map(\.name) == ["a.JPG", "b.JPG"])
    #expect(frames.allSatisfy { exists($0.original.path) })
    #expect(try await journal.prune(.delivered) == rehearsed)
    #expect(frames.map { exists($0.original.path) } == [false, false, true, true, true])
    #expect(try await journal.prune(.delivered).isEmpty, "what has left is not looked at again")
    let session = try await journal.beginSession()
    #expect(try await journal.reconcile(session: session, albums: []).missing.isEmpty)
  }

  @Test("A frame that is still to be rendered for an album stays, and so do renditions")
  func rendering() async throws {
    let frame = try await record("a.JPG", albums: [album, "Party"])
    try await deliver(frame, to: album)
    #expect(try await journal.prune(.delivered).isEmpty)
    let thumbnail = try temporary.rendition(.thumbnail, "small", in: journal)
    try await journal.recordRenditions([thumbnail], facts: nil, failure: nil, of: frame)
    try await deliver(frame, to: "Party")
    #expect(try await journal.prune(.delivered).map(\.frame) == [frame.hash])
    #expect(exists(thumbnail.path))
  }

  @Test("Of a pair each original leaves by itself, and one that is kept back stays")
  func pair() async throws {
    func take(_ name: String, _ albums: [String], _ policy: SendingPolicy) async throws -> SafeOriginal {
      let original = try temporary.spooled(name, "bytes of \(name)", in: journal)
      let object = SourceObject(folder: "/card", name: name, bytes: original.bytes, modified: 1_700_000_000)
      let safe = SafeOriginal(original: original, source: "7", object: object)
      _ = try await journal.recordSafe(safe, session: nil, albums: albums, policy: policy)
      return safe
    }
    let pictures = SendingPolicy(originals: try #require(OriginalsPolicy("jpeg")))
    let picture = try await take("a.JPG", [album], pictures).original
    let raw = try await take("a.CR3", [album], pictures).original
    let frame = try #require(try await journal.frame(withOriginal: raw.hash))
    #expect(frame.hash == picture.hash, "it is a pair")
    try await deliver(frame, to: album)
    #expect(try await journal.prune(.delivered).map(\.name) == ["a.JPG"])
    #expect(exists(raw.path), "it was never sent")
    let sent = try await journal.send(.all, to: [], originals: OriginalsPolicy())
    #expect(sent.deliveries == 1)
    #expect(try await journal.prune(.delivered).isEmpty, "it waits")
    try await deliver(frame, to: album)
    #expect(try await journal.prune(.delivered).map(\.name) == ["a.CR3"])
  }

  @Test("Days count from the last delivery; room is made by the oldest, and only as much as is wanted")
  func policies() async throws {
    let now = Date()
    let old = try await record("old.JPG")
    let new = try await record("new.JPG")
    try await deliver(old, to: album, now: now - 3 * 86_400)
    try await deliver(new, to: album, now: now - 86_400)
    #expect(try await journal.prune(.days(4), now: now).isEmpty)
    #expect(try await journal.prune(.days(2), isRehearsal: true, now: now).map(\.name) == ["old.JPG"])
    let free = try journal.spool.room().free
    #expect(try await journal.prune(.room(1), isRehearsal: true).isEmpty)
    #expect(try await journal.prune(.room(free * 2), isRehearsal: true).count == 2)
    #expect(try await journal.prune(.room(free * 2), limit: 1).map(\.name) == ["old.JPG"])
  }

  @Test("A person's own file never leaves")
  func inPlace() async throws {
    let mine = temporary.folder.appending("mine.JPG")
    try Data("one".utf8).write(to: URL(fileURLWithPath: mine.string))
    let original = Original(
      hash: ContentHash(of: Data("one".utf8)), name: "mine.JPG", mediaType: "image/jpeg", bytes: 3,
      path: mine,
      isInPlace: true, modifiedNanoseconds: 1)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "file"), session: nil, albums: [album]
    ).frame
    try await deliver(frame, to: album)
    #expect(try await journal.prune(.delivered).isEmpty)
    #expect(exists(mine))
  }

  @Test(
    "A new album does not get what has left, is told so, and gets it as soon as the bytes are there again")
  func newAlbum() async throws {
    let frame = try await record("a.JPG")
    try await deliver(frame, to: album)
    _ = try await journal.prune(.delivered)
    let later = "tus+http://127.0.0.1:1082/files"
    let object = SourceObject(folder: "/card", name: "a.JPG", bytes: 14, modified: 1)
    let again = try temporary.spooled("a.JPG", "bytes of a.JPG", in: journal)
    #expect(again.path == frame.original.path, "its place is free")
    try FileManager.default.removeItem(atPath: again.path.string)
    _ = try await journal.recordSafe(
      SafeOriginal(original: frame.original, source: "7", object: object), session: nil, albums: [])
    // (The call above found no file to put in its place, and must not have claimed that there is one.)
    _ = try temporary.spooled("a.JPG", "bytes of a.JPG", in: journal)
    let back = try await journal.recordSafe(
      SafeOriginal(original: again, source: "7", object: object), session: nil, albums: [later])
    #expect(!back.isNew)
    let due = try #require(try await journal.dueDeliveries(to: later, limit: 9).first)
    #expect(due.leftSpoolAt == nil)
    #expect(exists(due.path))
  }

  @Test("What has left says so in its delivery to a later album")
  func leftBehind() async throws {
    let object = SourceObject(folder: "/card", name: "a.JPG", bytes: 14, modified: 1)
    let original = try temporary.spooled("a.JPG", "bytes of a.JPG", in: journal)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7", object: object), session: nil, albums: [album]
    ).frame
    try await deliver(frame, to: album)
    _ = try await journal.prune(.delivered)
    let later = "tus+http://127.0.0.1:1082/files"
    _ = try await journal.deliverTaken([object], source: "7", albums: [later])
    let due = try #require(try await journal.dueDeliveries(to: later, limit: 9).first)
    #expect(due.leftSpoolAt != nil)
    #expect(try await journal.prune(.delivered).isEmpty)
  }

  @Test("If the power goes between the word and the deed, the next start removes the file, and only that one")
  func interrupted() async throws {
    let frame = try await record("a.JPG")
    try await deliver(frame, to: album)
    _ = try await journal.prune(.delivered)
    try Data("bytes of a.JPG".utf8).write(to: URL(fileURLWithPath: frame.original.path.string))
    let session = try await journal.beginSession()
    #expect(try await journal.reconcile(session: session, albums: [album]).adopted.isEmpty)
    #expect(!exists(frame.original.path))
    // A new frame under the freed name, of which the journal was not told any more, is another matter.
    let orphan = try temporary.spooled("a.JPG", "quite another", in: journal)
    #expect(orphan.path == frame.original.path)
    let found = try await journal.reconcile(session: session, albums: [album])
    #expect(found.adopted.map(\.hash) == [orphan.hash])
    #expect(exists(orphan.path))
  }
}
