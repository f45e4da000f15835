import Foundation
import GRDB
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("RAW and JPEG of one press of the shutter")
struct PairTests {
  let temporary: TemporaryJournal
  let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  /// Takes a file of a camera.
  private func take(
    _ name: String, _ text: String, folder: String = "/store_00010001/DCIM/100CANON", at second: Int64 = 1000,
    source: String = "7", albums: [String] = ["Party"], policy: SendingPolicy = SendingPolicy(),
    mark: FrameMark = FrameMark()
  ) async throws -> (frame: Frame, isNew: Bool) {
    let original = try temporary.spooled(name, text, in: journal)
    let object = SourceObject(folder: folder, name: name, bytes: original.bytes, modified: second)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: source, object: object, mark: mark), session: nil,
      albums: albums, policy: policy)
  }

  private func render(_ frame: Frame) async throws {
    let renditions = try [AssetKind.thumbnail, .preview].map {
      try temporary.rendition($0, "\($0) of \(frame.id)", in: journal)
    }
    try await journal.recordRenditions(renditions, facts: nil, failure: nil, of: frame)
  }

  private func due(_ album: String = "Party") async throws -> [String] {
    try await journal.dueDeliveries(to: album, limit: 99).map {
      $0.kind == .original ? "\($0.kind) \($0.name)" : "\($0.kind)"
    }
  }

  @Test(
    "Whichever comes first makes the frame and names it for good; the JPEG leads",
    arguments: [["IMG_0001.JPG", "IMG_0001.CR3"], ["IMG_0001.CR3", "IMG_0001.JPG"], ["A.HIF", "A.ARW"]])
  func order(names: [String]) async throws {
    let first = try await take(names[0], "one")
    let second = try await take(names[1], "two", at: 1002)
    #expect(second.frame.id == first.frame.id)
    #expect(second.isNew)
    #expect(second.frame.hash == ContentHash(of: Data("one".utf8)))
    #expect(!MediaType.isRaw(second.frame.lead.mediaType))
    #expect(try await journal.preparations(limit: 9).map(\.frame.lead.name) == [second.frame.lead.name])
    try await render(second.frame)
    #expect(try await due() == ["thumbnail", "preview", "original \(names[0])", "original \(names[1])"])
    let originals = try await journal.dueDeliveries(to: "Party", kinds: [.original], limit: 9)
    #expect(Set(originals.map(\.frame)) == [first.frame.hash])
    #expect(originals.map(\.hash) == [ContentHash(of: Data("one".utf8)), ContentHash(of: Data("two".utf8))])
  }

  @Test(
    "A first one that was adopted from the spool is found by the second once its camera has said whose it is")
  func adopted() async throws {
    // Killed after the file had its name, before its frame was written down.
    let orphan = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    let session = try await journal.beginSession()
    let found = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(found.adopted.map(\.hash) == [orphan.hash])
    let again = try await take("IMG_0001.JPG", "one")
    #expect(!again.isNew && again.frame.source == "7")
    let raw = try await take("IMG_0001.CR3", "two", at: 1002)
    #expect(raw.frame.id == again.frame.id)
  }

  @Test(
    "One that was adopted from the spool joins the other, which was safe or adopted before; its camera brings neither a second time",
    arguments: [true, false])
  func adoptedSecond(isFirstSafe: Bool) async throws {
    func object(_ name: String) -> SourceObject {
      SourceObject(folder: "/store_00010001/DCIM/100CANON", name: name, bytes: 3, modified: 1000)
    }
    let session = try await journal.beginSession()
    try await journal.recordOwed(
      ["IMG_0001.JPG", "IMG_0001.CR3"].map {
        OwedObject(object: object($0), mediaType: nil, isCatchUp: false, seenAt: Date())
      }, source: "7", session: session)
    if isFirstSafe {
      _ = try await take("IMG_0001.JPG", "one")
    } else {
      _ = try temporary.spooled("IMG_0001.JPG", "one", in: journal)
    }
    // Killed after the file had its name, before it was written down.
    _ = try temporary.spooled("IMG_0001.CR3", "two", in: journal)
    _ = try await journal.reconcile(session: session, albums: ["Party"])
    #expect(try await journal.frameCounts().safe == 1)
    #expect(
      try await journal.owedCount(in: session) == (isFirstSafe ? 1 : 2), "name and length prove nothing")
    for (name, text) in [("IMG_0001.JPG", "one"), ("IMG_0001.CR3", "two")] {
      let again = try await take(name, text)
      #expect(!again.isNew && again.frame.source == "7")
    }
    #expect(try await journal.frameCounts().safe == 1)
  }

  @Test("The second joins after everything else was delivered, and goes to the albums of its frame")
  func late() async throws {
    let first = try await take("IMG_0001.JPG", "one", albums: ["Party"])
    try await render(first.frame)
    for delivery in try await journal.dueDeliveries(to: "Party", limit: 9) {
      try await journal.markSent(delivery)
    }
    #expect(try await journal.isDelivered(first.frame.hash, to: ["Party"]))
    let second = try await take("IMG_0001.NEF", "two", albums: ["Other"])
    #expect(second.frame.id == first.frame.id)
    #expect(try await !journal.isDelivered(first.frame.hash, to: ["Party"]))
    #expect(try await due() == ["original IMG_0001.NEF"])
    #expect(
      try await due("Other")
        == ["thumbnail", "preview", "original IMG_0001.JPG", "original IMG_0001.NEF"])
  }

  @Test("The same name at another time, in another folder or of another camera is another frame")
  func strangers() async throws {
    let first = try await take("IMG_0001.JPG", "one")
    for (text, folder, second, source) in [
      ("time", "/store_00010001/DCIM/100CANON", Int64(2000), "7"),
      ("folder", "/store_00010001/DCIM/101CANON", 1000, "7"),
      ("camera", "/store_00010001/DCIM/100CANON", 1000, "8"),
      ("memory", "/", 1000, "7"), ("unknown time", "/store_00010001/DCIM/100CANON", 0, "7"),
    ] {
      let other = try await take("IMG_0001.CR3", text, folder: folder, at: second, source: source)
      #expect(other.frame.id != first.frame.id, "\(text)")
    }
    let jpeg = try await take("IMG_0001.JPEG", "no RAW", at: 1001)
    #expect(jpeg.frame.id != first.frame.id)
    let clip = try await take("IMG_0001.MOV", "a clip", at: 1001)
    #expect(clip.frame.id != first.frame.id)
  }

  @Test("RAW on one card and JPEG on the other are a pair; two copies of one file are one original")
  func twoSlots() async throws {
    let first = try await take("IMG_0001.JPG", "one")
    let copy = try await take("IMG_0001.JPG", "one", folder: "/store_00020001/DCIM/100CANON")
    #expect(copy.frame.id == first.frame.id)
    #expect(!copy.isNew)
    let raw = try await take("IMG_0001.CR3", "two", folder: "/store_00020001/DCIM/100CANON", at: 1001)
    #expect(raw.frame.id == first.frame.id)
    let again = try await take("IMG_0001.CR3", "two", at: 1001)
    #expect(again.frame.id == first.frame.id)
    #expect(!again.isNew)
    try await render(raw.frame)
    #expect(
      try await due() == ["thumbnail", "preview", "original IMG_0001.JPG", "original IMG_0001.CR3"])
  }

  @Test("Files side by side are a pair, whatever copying did to their times")
  func sideBySide() async throws {
    func file(_ name: String, modified: TimeInterval) async throws -> Frame {
      let path = temporary.folder.appending(name)
      try Data(name.utf8).write(to: URL(fileURLWithPath: path.string))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: modified)], ofItemAtPath: path.string)
      var status = stat()
      #expect(stat(path.string, &status) == 0)
      let nanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      let object = SourceObject(
        folder: temporary.folder.string, name: name, bytes: Int64(name.utf8.count), modified: nanoseconds)
      let original = Original(
        hash: ContentHash(of: Data(name.utf8)), name: name, mediaType: MediaType.forFile(named: name),
        bytes: object.bytes, path: path, isInPlace: true, modifiedNanoseconds: nanoseconds)
      return try await journal.recordSafe(
        SafeOriginal(original: original, source: "file", object: object), session: nil, albums: ["Party"]
      ).frame
    }
    let first = try await file("DSC_1.JPG", modified: 1_700_000_000)
    #expect(try await file("DSC_1.NEF", modified: 1_700_009_000).id == first.id)
    let gone = try await file("DSC_2.JPG", modified: 1_700_000_000)
    try FileManager.default.removeItem(atPath: gone.original.path.string)
    #expect(
      try await file("DSC_2.NEF", modified: 1_700_009_000).id != gone.id,
      "another card under the same path, perhaps")
  }

  @Test("--originals keeps the others back, and renditions go")
  func originals() async throws {
    let policy = SendingPolicy(originals: OriginalsPolicy(which: .jpeg))
    _ = try await take("IMG_0001.CR3", "raw", policy: policy)
    let frame = try await take("IMG_0001.JPG", "jpeg", policy: policy).frame
    try await render(frame)
    #expect(try await due() == ["thumbnail", "preview", "original IMG_0001.JPG"])
    for delivery in try await journal.dueDeliveries(to: "Party", limit: 9) {
      try await journal.markSent(delivery)
    }
    #expect(try await journal.isDelivered(frame.hash, to: ["Party"]))
    #expect(try await journal.openDeliveries(limit: 9, held: true).map(\.name) == ["IMG_0001.CR3"])
    #expect(try await journal.backlogs().map(\.held) == [1])
    #expect(try await journal.backlogs().map(\.sent) == [3])
  }

  @Test("--originals later keeps them back until a person sends them")
  func later() async throws {
    let frame = try await take(
      "IMG_0001.JPG", "one", policy: SendingPolicy(originals: OriginalsPolicy(when: .later))
    ).frame
    try await render(frame)
    #expect(try await due() == ["thumbnail", "preview"])
    #expect(try await journal.send(.all, to: [], originals: OriginalsPolicy()).deliveries == 1)
    #expect(try await due() == ["thumbnail", "preview", "original IMG_0001.JPG"])
  }

  @Test("A journal of version 1 keeps its deliveries, each original's as that original's")
  func migration() async throws {
    let old = try TemporaryJournal()
    try FileManager.default.createDirectory(
      atPath: old.spool.string, withIntermediateDirectories: true)
    let queue = try DatabaseQueue(path: old.path.string)
    try Schema.migrator.migrate(queue, upTo: "1 frames, deliveries, sources")
    let hash = ContentHash(of: Data("one".utf8))
    try await queue.write { database in
      try database.execute(
        sql: """
          INSERT INTO destination VALUES (1, 'Party');
          INSERT INTO frame (id, hash, source, safe_at, rendering) VALUES (5, ?1, '7', 1, 'done');
          INSERT INTO original (id, frame_id, hash, name, media_type, bytes, path, in_place)
            VALUES (9, 5, ?1, 'A.JPG', 'image/jpeg', 3, 'day/A.JPG', 0);
          INSERT INTO rendition VALUES (5, 'preview', ?1, 'image/jpeg', 2, 'renditions/x.jpg');
          INSERT INTO delivery (frame_id, destination_id, kind, state) VALUES (5, 1, 'preview', 'sent');
          INSERT INTO delivery (frame_id, destination_id, kind, state, offset, upload_url)
            VALUES (5, 1, 'original', 'sending', 2, '/u');
          """.replacingOccurrences(of: "?1", with: "x'\(hash.hex)'"))
    }
    try queue.close()
    let journal = try await old.open()
    let due = try await journal.dueDeliveries(to: "Party", limit: 9)
    #expect(due.map(\.name) == ["A.JPG"])
    #expect(due.map(\.offset) == [2])
    #expect(due.map(\.hash) == [hash])
    #expect(try await journal.backlogs().map(\.sent) == [1])
  }
}
