import Foundation
import GRDB
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("The journal")
struct JournalTests {
  let temporary: TemporaryJournal
  let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  @Test("It writes with synchronous = FULL in WAL mode, whatever GRDB sets on opening")
  func durability() async throws {
    let (mode, synchronous) = try await journal.database.writeWithoutTransaction { database in
      (
        try String.fetchOne(database, sql: "PRAGMA journal_mode"),
        try Int.fetchOne(database, sql: "PRAGMA synchronous")
      )
    }
    #expect(mode == "wal")
    #expect(synchronous == 2)
  }

  @Test("A second process that wants to write is told who has it")
  func lock() async throws {
    await #expect {
      _ = try await temporary.open()
    } throws: { error in
      let error = error as? JournalError
      return error?.code == .locked && error?.message.contains("process \(getpid())") == true
    }
  }

  @Test("Asking whether a journal is at work neither takes nor breaks its lock")
  func asking() async throws {
    #expect(JournalLock.isHeld(beside: temporary.path) == true)
    let other = try TemporaryJournal()
    #expect(JournalLock.isHeld(beside: other.path) == false)
  }

  @Test("What is no journal is called damaged and is left as it is")
  func corrupt() async throws {
    let other = try TemporaryJournal()
    try Data(repeating: 0x58, count: 8192).write(to: URL(fileURLWithPath: other.path.string))
    await #expect {
      _ = try await other.open()
    } throws: {
      ($0 as? JournalError)?.code == .corrupt
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: other.path.string)).count == 8192)
  }

  @Test("A frame is safe once, however often its bytes come")
  func sameBytesTwice() async throws {
    let first = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    let again = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    let one = try await journal.recordSafe(
      SafeOriginal(original: first, source: "7"), session: nil, albums: ["Party"])
    let two = try await journal.recordSafe(
      SafeOriginal(original: again, source: "7"), session: nil, albums: ["Party"])
    #expect(one.isNew)
    #expect(!two.isNew)
    #expect(one.frame.id == two.frame.id)
    #expect(FileManager.default.fileExists(atPath: first.path.string))
    #expect(!FileManager.default.fileExists(atPath: again.path.string), "the second copy is nobody's")
    #expect(try await journal.dueDeliveries(to: "tus+http://h/x", limit: 9).isEmpty)
    #expect(try await journal.backlogs().map(\.waiting) == [1])
  }

  @Test("An original waits for its renditions, and then goes last: thumbnails, previews, originals")
  func order() async throws {
    var frames: [Frame] = []
    for number in 1...3 {
      let original = try temporary.spooled("IMG_000\(number).JPG", "original \(number)", in: journal)
      frames.append(
        try await journal.recordSafe(
          SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"]
        ).frame)
    }
    #expect(try await journal.dueDeliveries(to: "Party", limit: 9).isEmpty)
    #expect(try await journal.preparations(limit: 9).map(\.frame.id) == frames.map(\.id).reversed())
    for frame in frames {
      let renditions = try [AssetKind.thumbnail, .preview].map {
        try temporary.rendition($0, "\($0) of \(frame.id)", in: journal)
      }
      try await journal.recordRenditions(
        renditions, facts: PictureFacts(width: 3, height: 2), failure: nil, of: frame)
    }
    let due = try await journal.dueDeliveries(to: "Party", limit: 9)
    #expect(
      due.map(\.kind) == [.thumbnail, .thumbnail, .thumbnail, .preview, .preview, .preview]
        + [.original, .original, .original])
    let ids = frames.map(\.hash)
    #expect(due.map(\.frame) == ids.reversed() + ids.reversed() + ids)
    #expect(due[0].facts?.width == 3)
    #expect(due[0].originalBytes == 10)
    #expect(try await journal.preparations(limit: 9).isEmpty)
  }

  @Test("Frames that look alike may be rendered at the same time, to one file")
  func sameRendition() async throws {
    let bytes = Array("the inside of a lens cap".utf8)
    let journal = journal
    let stored = try await withThrowingTaskGroup(of: StoredRendition.self) { group in
      for _ in 1...20 {
        group.addTask { try await journal.store(bytes, kind: .preview, mediaType: "image/jpeg") }
      }
      return try await group.reduce(into: [], { $0.append($1) })
    }
    #expect(Set(stored.map(\.path)).count == 1)
    #expect(try await Journal.hashing(stored[0].path).hash == stored[0].hash)
  }

  @Test("A picture that cannot be rendered is still delivered as an original")
  func unrenderable() async throws {
    let original = try temporary.spooled("broken.JPG", "no picture", in: journal)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"]
    ).frame
    try await journal.recordRenditions([], facts: nil, failure: "it is no picture", of: frame)
    #expect(try await journal.dueDeliveries(to: "Party", limit: 9).map(\.kind) == [.original])
  }

  @Test("A tus endpoint takes originals only, and need not wait for renditions")
  func originalsOnly() async throws {
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    let album = "tus+http://127.0.0.1:1080/files"
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: [album]
    ).frame
    #expect(try await journal.dueDeliveries(to: album, limit: 9).map(\.kind) == [.original])
    #expect(try await journal.preparations(limit: 9).isEmpty, "nobody takes what would be made")
    #expect(try await journal.frameCounts().toRender == 0)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"])
    #expect(try await journal.preparations(limit: 9).map(\.frame.id) == [frame.id], "now somebody does")
    #expect(try await journal.frameCounts().toRender == 1)
    try await journal.recordRenditions(
      [try temporary.rendition(.thumbnail, "small", in: journal)], facts: nil, failure: nil, of: frame)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).map(\.kind) == [.original])
  }

  @Test("A delivery goes on from the acknowledged offset after the journal was closed and opened")
  func resume() async throws {
    let own = try TemporaryJournal()
    let album = "tus+http://127.0.0.1:1080/files"
    do {
      let journal = try await own.open()
      let original = try own.spooled("a.JPG", "0123456789", in: journal)
      _ = try await journal.recordSafe(
        SafeOriginal(original: original, source: "7"), session: nil, albums: [album])
      let delivery = try #require(try await journal.dueDeliveries(to: album, limit: 1).first)
      try await journal.beginSending(delivery, uploadURL: "http://127.0.0.1:1080/files/1")
      try await journal.acknowledge(delivery, offset: 4)
    }
    let journal = try await own.open()
    let delivery = try #require(try await journal.dueDeliveries(to: album, limit: 1).first)
    #expect(delivery.state == .sending)
    #expect(delivery.offset == 4)
    #expect(delivery.uploadURL == "http://127.0.0.1:1080/files/1")
    try await journal.markSent(delivery)
    #expect(try await journal.dueDeliveries(to: album, limit: 1).isEmpty)
    #expect(try await journal.backlogs().map(\.sent) == [1])
    let arrived = try #require(try await journal.arrivals()[album])
    #expect(arrived == (viewable: 0, delivered: 1))
  }

  @Test("A delivery that is put off is not due before its time; a parked one not before somebody says so")
  func postponedAndParked() async throws {
    let album = "tus+http://127.0.0.1:1080/files"
    for name in ["a.JPG", "b.JPG"] {
      let original = try temporary.spooled(name, name, in: journal)
      _ = try await journal.recordSafe(
        SafeOriginal(original: original, source: "7"), session: nil, albums: [album])
    }
    let due = try await journal.dueDeliveries(to: album, limit: 9)
    let now = Date()
    try await journal.postpone(due[0], until: now + 60, reason: "the server is busy")
    try await journal.park(due[1], reason: "the token is refused")
    #expect(try await journal.dueDeliveries(to: album, limit: 9, now: now + 59).isEmpty)
    #expect(try await journal.dueDeliveries(to: album, limit: 9, now: now + 61).map(\.attempts) == [1])
    #expect(try await journal.nextTry(to: album, after: now).map { $0 > now + 59 } == true)
    #expect(
      try await journal.nextTry(to: album, after: now + 3600) == nil,
      "one that may not go although it is due hides no other")
    #expect(
      try await journal.openDeliveries(limit: 9).map(\.reason) == [
        "the server is busy", "the token is refused",
      ])
    #expect(
      try await journal.backlogs() == [
        Backlog(
          album: album, waiting: 1, waitingBytes: 5, parked: 1, held: 0, sent: 0)
      ])
    #expect(try await journal.retry() == 2)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).count == 2)
  }

  @Test("A session that was never ended goes on, and its baseline stands")
  func sessions() async throws {
    let session = try await journal.beginSession()
    #expect(!session.isContinued)
    let old = SourceObject(folder: "/s/DCIM", name: "OLD.JPG", bytes: 5, modified: 1)
    #expect(try await journal.hasBaseline(session, source: "7") == false)
    try await journal.recordBaseline([old], source: "7", session: session)
    let continued = try await journal.beginSession()
    #expect(continued.id == session.id)
    #expect(continued.isContinued)
    #expect(try await journal.hasBaseline(continued, source: "7"))
    #expect(try await journal.dispositions(of: [old], source: "7", session: continued) == [old: .baseline])
    #expect(try await journal.dispositions(of: [old], source: "8", session: continued).isEmpty)
    try await journal.end(continued)
    #expect(try await journal.beginSession().id != session.id)
  }

  @Test("The same name with another length or time is another object")
  func objectIdentity() async throws {
    let object = SourceObject(folder: "/s/DCIM", name: "A.JPG", bytes: 5, modified: 1)
    let original = try temporary.spooled("A.JPG", "hello", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7", object: object), session: nil, albums: [])
    var other = object
    other.modified = 2
    let session = try await journal.beginSession()
    func known() async throws -> [SourceObject: Disposition] {
      try await journal.dispositions(of: [object, other], source: "7", session: session)
    }
    #expect(try await known() == [object: .taken])
    try await journal.recordBaseline([object, other], source: "7", session: session)
    #expect(try await known() == [object: .taken, other: .baseline])
  }

  @Test("After a crash the spool is reconciled: whole files are adopted, parts go, what is gone is named")
  func reconciliation() async throws {
    let kept = try temporary.spooled("kept.JPG", "kept", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: kept, source: "7"), session: nil, albums: ["Party"])
    let lost = try temporary.spooled("lost.JPG", "lost", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: lost, source: "7"), session: nil, albums: ["Party"])
    try FileManager.default.removeItem(atPath: lost.path.string)
    let orphan = try temporary.spooled("orphan.JPG", "orphan", in: journal)
    let part = try journal.spool.reserve("half.JPG", day: "2026-11-23")
    let session = try await journal.beginSession()
    let result = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(result.adopted.map(\.hash) == [orphan.hash])
    #expect(result.droppedParts == 1)
    #expect(result.missing == [lost.path])
    #expect(!FileManager.default.fileExists(atPath: Spool.partPath(for: part).string))
    let again = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(again.adopted.isEmpty)
    #expect(again.droppedParts == 0)
  }

  @Test("What people and their programs put into the spool is neither published nor in the way")
  func strangersInTheSpool() async throws {
    let day = temporary.spool.appending("2026-11-23")
    try FileManager.default.createDirectory(
      atPath: day.appending("export.JPG").string, withIntermediateDirectories: true)
    for name in [".directory", "._IMG_0001.JPG", "IMG_0001.JPG.xmp"] {
      try Data("x".utf8).write(to: URL(fileURLWithPath: day.appending(name).string))
    }
    let orphan = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    let session = try await journal.beginSession()
    let found = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(found.adopted.map(\.original.path) == [orphan.path])
  }

  @Test("A clock that was set back does not hold deliveries up")
  func clockSetBack() async throws {
    let album = "tus+http://127.0.0.1:1080/files"
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: [album])
    let wrong = Date(timeIntervalSince1970: 2_000_000_000)
    let right = Date(timeIntervalSince1970: 1_800_000_000)
    let delivery = try #require(try await journal.dueDeliveries(to: album, limit: 9, now: wrong).first)
    try await journal.postpone(delivery, until: wrong + 30, reason: "offline")
    #expect(try await journal.dueDeliveries(to: album, limit: 9, now: wrong).isEmpty)
    #expect(try await journal.dueDeliveries(to: album, limit: 9, now: right).count == 1)
  }

  @Test("A frame that is asked for again is no longer parked, and keeps its place at the destination")
  func askedAgain() async throws {
    let album = "tus+http://127.0.0.1:1080/files"
    let object = SourceObject(folder: "/a", name: "a.JPG", bytes: 1, modified: 1)
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    let safe = SafeOriginal(original: original, source: "file", object: object)
    _ = try await journal.recordSafe(safe, session: nil, albums: [album])
    func park() async throws {
      let delivery = try #require(try await journal.dueDeliveries(to: album, limit: 9).first)
      try await journal.beginSending(delivery, uploadURL: "/files/1")
      try await journal.park(delivery, reason: "token")
      #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty)
    }
    try await park()
    _ = try await journal.deliverTaken([object], source: "file", albums: ["tus+http://other/x"])
    #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty, "nobody asked for this album")
    _ = try await journal.deliverTaken([object], source: "file", albums: [album])
    let again = try #require(try await journal.dueDeliveries(to: album, limit: 9).first)
    #expect(again.state == .sending)
    #expect(again.uploadURL == "/files/1")
    try await park()
    _ = try await journal.recordSafe(safe, session: nil, albums: [album])
    #expect(try await journal.dueDeliveries(to: album, limit: 9).count == 1)
  }

  @Test("A frame counts as delivered when its renditions are made and every delivery is sent")
  func progress() async throws {
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party", "tus+http://h/f"]
    ).frame
    #expect(try await !journal.isDelivered(frame.hash, to: ["Party", "tus+http://h/f"]))
    try await journal.recordRenditions([], facts: nil, failure: "a clip", of: frame)
    for album in ["Party", "tus+http://h/f"] {
      #expect(try await !journal.isDelivered(frame.hash, to: ["Party", "tus+http://h/f"]))
      for delivery in try await journal.dueDeliveries(to: album, limit: 9) {
        try await journal.markSent(delivery)
      }
      #expect(try await journal.isDelivered(frame.hash, to: [album]))
    }
    #expect(try await journal.isDelivered(frame.hash, to: ["Party", "tus+http://h/f"]))
  }

  @Test("What waits for another album does not make a frame undelivered in this one")
  func deliveredHere() async throws {
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    let albums = ["tus+http://here/f", "tus+http://nowhere/f"]
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: albums
    ).frame
    try await journal.markSent(#require(try await journal.dueDeliveries(to: albums[0], limit: 1).first))
    try await journal.park(
      #require(try await journal.dueDeliveries(to: albums[1], limit: 1).first), reason: "gone")
    #expect(try await journal.isDelivered(frame.hash, to: [albums[0]]))
    #expect(try await !journal.isDelivered(frame.hash, to: albums))
  }

  @Test("Whoever waits for work is woken by a change")
  func ticks() async throws {
    var ticks = journal.ticks().makeAsyncIterator()
    await ticks.next()
    let session = try await journal.beginSession()
    await ticks.next()
    #expect(!session.isContinued)
  }
}
