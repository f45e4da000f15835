import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Journal

@Suite("Sessions and what they want")
struct SessionTests {
  let now = Date(timeIntervalSince1970: 1_800_000_000)
  let object = SourceObject(folder: "/store_00010001/DCIM", name: "IMG_0001.JPG", bytes: 3, modified: 7)

  private func owed(_ object: SourceObject, isCatchUp: Bool = false) -> OwedObject {
    OwedObject(object: object, mediaType: "image/jpeg", isCatchUp: isCatchUp, seenAt: now)
  }

  @Test("What was announced before the first listing was written down is never baseline, also after a kill")
  func announcedIsNoBaseline() async throws {
    let folder = try TemporaryJournal()
    let session: Session
    do {
      let journal = try await folder.open()
      session = try await journal.beginSession(albums: ["Party"], now: now)
      try await journal.recordOwed([owed(object)], source: "7", session: session)
    }
    let journal = try await folder.open()
    let continued = try await journal.beginSession(albums: ["Party"], now: now + 60)
    #expect(continued.id == session.id)
    let before = SourceObject(folder: "/store_00010001/DCIM", name: "IMG_0000.JPG", bytes: 3, modified: 6)
    try await journal.recordBaseline([before, object], source: "7", session: continued)
    #expect(
      try await journal.dispositions(of: [before, object], source: "7", session: continued) == [
        before: .baseline
      ])
    #expect(try await journal.owed(in: continued, source: "7") == [owed(object)])
    #expect(try await journal.owed(in: continued, source: "8") == [])
  }

  @Test("Another album's session takes nothing that the first one is owed, and hides nothing from it")
  func otherSession() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let first = try await journal.beginSession(albums: ["Wedding"], now: now)
    func on(_ name: String) -> SourceObject {
      SourceObject(folder: "/store_00010001/DCIM", name: name, bytes: 3, modified: 7)
    }
    let (before, after, late) = (on("BEFORE.JPG"), on("AFTER.JPG"), on("LATE.JPG"))
    try await journal.recordBaseline([before], source: "7", session: first)
    try await journal.recordOwed([owed(object)], source: "7", session: first)
    let second = try await journal.beginSession(albums: ["Party"], now: now + 60)
    #expect(
      try await journal.dispositions(of: [object], source: "7", session: second) == [object: .baseline],
      "its card may come after the first listing")
    try await journal.recordBaseline([before, object, after, late], source: "7", session: second)
    func known(to session: Session) async throws -> [SourceObject: Disposition] {
      try await journal.dispositions(of: [before, object, after, late], source: "7", session: session)
    }
    #expect(
      try await known(to: second)
        == [before: .baseline, object: .baseline, after: .baseline, late: .baseline])
    #expect(try await journal.owed(in: second, source: "7").isEmpty)
    // What was shot between the two belongs to the first, which goes on with it.
    #expect(try await known(to: first) == [before: .baseline])
    #expect(try await journal.owed(in: first, source: "7") == [owed(object)])
    try await journal.recordRefused(late, source: "7", session: first)
    try await journal.recordBaseline([after], source: "7", session: first)
    #expect(try await known(to: first) == [before: .baseline, after: .baseline, late: .refused])
    #expect(try await known(to: second)[after] == .baseline)
  }

  @Test(
    "What a session ended without goes to the next one for its albums, within twelve hours, and to no other ever"
  )
  func takenOver() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    func known(to session: Session) async throws -> Disposition? {
      try await journal.dispositions(of: [object], source: "7", session: session)[object]
    }
    func begin(_ album: String, after hours: Double) async throws -> Session {
      try await journal.beginSession(albums: [album], now: now + 3600 * hours)
    }
    let first = try await begin("Wedding", after: 0)
    try await journal.recordOwed([owed(object)], source: "7", session: first)
    try await journal.end(first, now: now + 60)
    let other = try await begin("Party", after: 1)
    #expect(try await journal.owed(in: other, source: "7").isEmpty)
    #expect(try await known(to: other) == .baseline)
    let second = try await begin("Wedding", after: 11)
    #expect(!second.isContinued)
    #expect(try await journal.owed(in: second, source: "7") == [owed(object)])
    try await journal.end(second, now: now + 3600 * 11 + 60)
    let late = try await begin("Wedding", after: 24)
    #expect(try await journal.owed(in: late, source: "7").isEmpty)
    try await journal.forgetAbandoned(now: now + 3600 * 24)
    #expect(try await journal.owedCount(in: second) == 0)
    for session in [first, other, late] { #expect(try await known(to: session) == .baseline) }
  }

  @Test("What is wanted is wanted until it is taken or refused")
  func settled() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let session = try await journal.beginSession()
    let objects = (0..<4).map {
      SourceObject(folder: "/store_00010001/DCIM", name: "\($0).JPG", bytes: 3, modified: 7)
    }
    try await journal.recordOwed(objects.map { owed($0) }, source: "7", session: session)
    try await journal.recordOwed(objects.map { owed($0, isCatchUp: true) }, source: "7", session: session)
    #expect(try await journal.owedCount(in: session) == 4)
    let original = try folder.spooled("0.JPG", "abc", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7", object: objects[0]), session: session, albums: [])
    try await journal.recordRefused(objects[1], source: "7", session: session)
    #expect(try await journal.owed(in: session, source: "7") == [owed(objects[2]), owed(objects[3])])
  }

  @Test("A session that nobody ended goes on for its albums, within twelve hours of its last sign of life")
  func continued() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let first = try await journal.beginSession(albums: ["Wedding", "s3://b/p"], now: now)
    try await journal.recordOwed([owed(object)], source: "7", session: first)
    let other = try await journal.beginSession(albums: ["Portraits"], now: now + 60)
    #expect(other.id != first.id && !other.isContinued)
    let same = try await journal.beginSession(albums: ["Wedding"], now: now + 3600)
    #expect(same.id == first.id && same.isContinued && same.abandoned == 0)
    try await journal.keepAlive(same, now: now + 3600 * 20)
    let nextMorning = try await journal.beginSession(albums: ["Wedding"], now: now + 3600 * 31)
    #expect(nextMorning.id == first.id)
    let nextWeek = try await journal.beginSession(albums: ["Wedding"], now: now + 86_400 * 7)
    #expect(nextWeek.id != first.id && !nextWeek.isContinued && nextWeek.abandoned == 1)
    // Whose an original is that lies in the spool is known until that was looked through.
    #expect(try await journal.owedCount(in: first) == 1)
    _ = try await journal.reconcile(session: nextWeek, albums: ["Wedding"])
    #expect(try await journal.owedCount(in: first) == 0)
    #expect(try await journal.beginSession(now: now + 86_400 * 7).id == nextWeek.id)
    #expect(
      try await journal.beginSession(albums: ["Wedding"], now: now).id == nextWeek.id,
      "the clock was set back")
  }

  @Test("A session that was ended is not gone on with; it knows the cameras that it is responsible for")
  func ended() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let session = try await journal.beginSession(albums: ["Party"])
    #expect(try await journal.sources(of: session) == [])
    try await journal.recordBaseline([], source: "7", session: session)
    #expect(try await journal.sources(of: session) == ["7"])
    try await journal.end(session)
    #expect(try await journal.beginSession(albums: ["Party"]).id != session.id)
  }
}

@Suite("Parts of originals")
struct PartialTests {
  let object = SourceObject(folder: "/store_00010001/DCIM", name: "IMG_0001.JPG", bytes: 3, modified: 7)

  @Test("An object has one part, and another object another")
  func names() throws {
    let folder = try TemporaryJournal()
    let spool = Spool(root: folder.spool)
    var others: Set<String> = [spool.partial(of: object, source: "7").string]
    others.insert(spool.partial(of: object, source: "8").string)
    for change in [\SourceObject.bytes, \.modified] {
      var other = object
      other[keyPath: change] += 1
      others.insert(spool.partial(of: other, source: "7").string)
    }
    var other = object
    other.name = "IMG_0002.JPG"
    others.insert(spool.partial(of: other, source: "7").string)
    #expect(others.count == 5)
    #expect(spool.partial(of: object, source: "7") == spool.partial(of: object, source: "7"))
  }

  @Test("A part that a process has is nobody else's; under its final name it is nobody's")
  func locked() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let part = journal.spool.partial(of: object, source: "7")
    let descriptor = try #require(try journal.spool.openPartial(part))
    #expect(try journal.spool.openPartial(part) == nil)
    try Data("abc".utf8).write(to: URL(fileURLWithPath: "/proc/self/fd/\(descriptor)"))
    let path = try journal.spool.publish(partial: part, as: "../IMG_0001.JPG", day: "2026-11-23")
    #expect(path.string.hasSuffix("/2026-11-23/_IMG_0001.JPG"))
    #expect(try String(contentsOfFile: path.string, encoding: .utf8) == "abc")
    let again = try #require(try journal.spool.openPartial(part))
    #expect(FileManager.default.fileExists(atPath: part.string))
    close(again)
    close(descriptor)
  }

  @Test("A start keeps the parts of this uptime, and drops those of another, old ones and empty ones")
  func reconciled() async throws {
    let folder = try TemporaryJournal()
    let journal = try await folder.open()
    let kept = journal.spool.partial(of: object, source: "7")
    let empty = journal.spool.partial(of: object, source: "8")
    let old = journal.spool.partial(of: object, source: "9")
    let parts = kept.removingLastComponent()
    let other = parts.appending("000000000000-00000000000000000000000000000000.part")
    for path in [kept, empty, old, other] {
      let descriptor = try #require(try journal.spool.openPartial(path))
      close(descriptor)
      if path != empty { try Data("half".utf8).write(to: URL(fileURLWithPath: path.string)) }
    }
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -100_000)], ofItemAtPath: old.string)
    let result = try await journal.reconcile(session: nil, albums: [])
    #expect(result.droppedParts == 3 && result.adopted.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: parts.string) == [kept.lastComponent?.string])
  }
}
