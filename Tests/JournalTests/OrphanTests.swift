import Foundation
import Glibc
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("Originals that the journal does not know")
struct OrphanTests {
  let temporary: TemporaryJournal
  let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  @Test(
    "They go to the albums of the session that fetched them, whoever starts next", arguments: [true, false])
  func owner(startsSession: Bool) async throws {
    let session = try await journal.beginSession()
    try await journal.feed(["Wedding"], from: session)
    let orphan = try temporary.spooled("IMG.JPG", "one", in: journal)
    let next = startsSession ? try await journal.beginSession() : nil
    let found = try await journal.reconcile(session: next, albums: ["Desk"])
    #expect(found.adopted.map(\.hash) == [orphan.hash])
    #expect(try await journal.backlogs().map(\.album) == ["Wedding"])
  }

  @Test("They are kept back if their session was to send marked frames, whatever the next run sends")
  func policy() async throws {
    let marked = SendingPolicy(frames: .marked)
    let first = try await journal.beginSession(albums: ["Wedding"], policy: marked)
    try await journal.feed(["Wedding"], policy: marked, from: first)
    let orphan = try temporary.spooled("IMG.JPG", "one", in: journal)
    let next = try await journal.beginSession(albums: ["Wedding"])
    #expect(next.isContinued)
    let found = try await journal.reconcile(session: next, albums: ["Wedding"], policy: SendingPolicy())
    #expect(found.adopted.map(\.hash) == [orphan.hash])
    #expect(try await journal.openDeliveries(limit: 9).isEmpty)
    #expect(try await journal.openDeliveries(limit: 9, held: true).map(\.album) == ["Wedding"])
  }

  @Test("Without a session of theirs they go to one that begins, and no upload takes them")
  func strays() async throws {
    let orphan = try temporary.spooled("IMG.JPG", "one", in: journal)
    let found = try await journal.reconcile(session: nil, albums: ["Desk"])
    #expect(found.adopted.isEmpty)
    #expect(found.strays == [orphan.path])
    #expect(try await journal.backlogs().isEmpty)
    let session = try await journal.beginSession()
    #expect(try await journal.reconcile(session: session, albums: ["Party"]).adopted.count == 1)
    #expect(try await journal.backlogs().map(\.album) == ["Party"])
  }

  @Test("They go to the albums of the session that was to fetch them, also when that was abandoned since")
  func abandoned() async throws {
    let yesterday = try await journal.beginSession(
      albums: ["Wedding"], now: Date(timeIntervalSinceNow: -13 * 3600))
    let object = SourceObject(folder: "/store_00010001/DCIM", name: "IMG_0001.JPG", bytes: 3, modified: 1)
    try await journal.recordOwed(
      [OwedObject(object: object, mediaType: "image/jpeg", isCatchUp: false, seenAt: Date())], source: "7",
      session: yesterday)
    // Its name was taken already on that day.
    let other = try temporary.spooled("IMG_0001.JPG", "not the one", in: journal)
    let orphan = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    #expect(orphan.path.lastComponent?.string == "IMG_0001-2.JPG")
    let today = try await journal.beginSession(albums: ["Desk"])
    #expect(today.abandoned == 1)
    let found = try await journal.reconcile(session: today, albums: ["Desk"])
    #expect(Set(found.adopted.map(\.hash)) == [orphan.hash, other.hash])
    #expect(try await journal.preparations(limit: 9).count == 2)
    let albums = try await journal.openDeliveries(limit: 9).reduce(into: [:]) { $0[$1.frame] = $1.album }
    #expect(albums == [orphan.hash: "Wedding", other.hash: "Desk"])
    #expect(try await journal.owedCount(in: yesterday) == 0, "nobody fetches it any more")
  }

  @Test("One that cannot be read is named and left, and holds no other up")
  func unreadable() async throws {
    let bad = temporary.spool.appending("2026-11-23").appending("A.JPG")
    _ = try temporary.spooled("B.JPG", "good", in: journal)
    // Even root cannot read this: a loop.
    try #require(symlink("A.JPG", bad.string) == 0)
    let session = try await journal.beginSession()
    let found = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(found.adopted.map(\.original.name) == ["B.JPG"])
    #expect(found.unreadable.map(\.path) == [bad])
    #expect(found.unreadable.first?.reason.isEmpty == false)
    let again = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(again.unreadable.map(\.path) == [bad])
  }
}

@Suite("What is not delivered")
struct UndeliveredTests {
  @Test("A parked frame that is freed and delivered later is delivered, whatever was said before")
  func parked() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let (here, there) = ("tus+http://127.0.0.1:1080/files", "tus+http://127.0.0.1:1081/files")
    var frames: [Frame] = []
    for name in ["a.JPG", "b.JPG"] {
      let original = try temporary.spooled(name, name, in: journal)
      frames.append(
        try await journal.recordSafe(
          SafeOriginal(original: original, source: "7"), session: nil, albums: [here, there]
        ).frame)
    }
    let due = try await journal.dueDeliveries(to: here, limit: 9)
    try await journal.park(due[0], reason: "the token")
    #expect(try await journal.undelivered(to: [here]) == [frames[0].id: false, frames[1].id: true])
    try await journal.markSent(due[1])
    #expect(try await journal.undelivered(to: [here]) == [frames[0].id: false])
    #expect(try await journal.undelivered(to: [here, there]).count == 2)
    try await journal.retry(QueueSelection(album: here))
    #expect(try await journal.undelivered(to: [here]) == [frames[0].id: true])
    try await journal.markSent(due[0])
    #expect(try await journal.undelivered(to: [here]).isEmpty)
  }

  @Test("A frame whose original has arrived is not delivered while its renditions are to be made")
  func rendering() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let original = try temporary.spooled("a.JPG", "a", in: journal)
    let endpoint = "tus+http://127.0.0.1:1080/files"
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party", endpoint]
    ).frame
    try await journal.markSent(#require(try await journal.dueDeliveries(to: endpoint, limit: 1).first))
    #expect(try await journal.undelivered(to: [endpoint]).isEmpty)
    #expect(try await journal.undelivered(to: ["Party"]) == [frame.id: true])
    try await journal.recordRenditions([], facts: nil, failure: "a clip", of: frame)
    try await journal.markSent(#require(try await journal.dueDeliveries(to: "Party", limit: 1).first))
    #expect(try await journal.undelivered(to: ["Party", endpoint]).isEmpty)
  }
}
