import Foundation
import Journal
import Model
import Testing

@Suite("The journal of bucket albums")
struct BucketTests {
  private let album = "s3://bucket/party"

  private func delivery(in temporary: TemporaryJournal, _ journal: Journal) async throws -> Delivery {
    let original = try temporary.spooled("IMG_0001.JPG", "original", in: journal)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: [album])
    let frame = try #require(try await journal.frame(withOriginal: original.hash))
    try await journal.recordRenditions([], facts: nil, failure: nil, of: frame)
    return try #require(try await journal.dueDeliveries(to: album, limit: 1).first)
  }

  @Test("An upload in parts is there again after the journal was opened anew, with every part")
  func parts() async throws {
    let temporary = try TemporaryJournal()
    do {
      let journal = try await temporary.open()
      let delivery = try await delivery(in: temporary, journal)
      let upload = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
      try await journal.acknowledgePart(2, bytes: 3, tag: "\"b\"", in: upload, of: delivery)
      try await journal.acknowledgePart(1, bytes: 3, tag: "\"a\"", in: upload, of: delivery)
      try await journal.acknowledgePart(1, bytes: 3, tag: "\"a\"", in: upload, of: delivery)
    }
    let journal = try await temporary.open()
    let due = try #require(try await journal.dueDeliveries(to: album, limit: 1).first)
    #expect(due.offset == 6 && due.state == .sending)
    let upload = try #require(try await journal.partedUpload(of: due))
    #expect(upload.uploadID == "u1" && upload.partBytes == 3 && upload.tags == [1: "\"a\"", 2: "\"b\""])
    try await journal.adoptParts([1: (3, "\"c\"")], in: upload, of: due)
    #expect(try await journal.partedUpload(of: due)?.tags == [1: "\"c\""])
    #expect(try await journal.dueDeliveries(to: album, limit: 1).first?.offset == 3)
  }

  @Test("An upload that was given up, or begun again, is kept until it is thrown away at the store")
  func abandoned() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    _ = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
    #expect(try await journal.abandonedUploads(to: album).isEmpty)
    _ = try await journal.beginParts(of: delivery, object: "k", uploadID: "u2", partBytes: 3)
    try await journal.abandonParts(of: delivery)
    let due = try #require(try await journal.dueDeliveries(to: album, limit: 1).first)
    #expect(due.offset == 0 && due.state == .waiting)
    let abandoned = try await journal.abandonedUploads(to: album)
    #expect(abandoned.map(\.uploadID) == ["u1", "u2"])
    for upload in abandoned { try await journal.forget(upload) }
    #expect(try await journal.abandonedUploads(to: album).isEmpty)
  }

  @Test("What is stored is not due, is found until it is shown, and is sent with the head that shows it")
  func stored() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    try await journal.markStored(delivery)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty)
    #expect(try await journal.storedDeliveries(to: album, limit: 9).map(\.id) == [delivery.id])
    #expect(try await journal.backlogs().first?.waiting == 1, "guests do not see it yet")
    #expect(
      try await journal.storedDeliveries(of: [delivery.frame], to: album).map(\.hash) == [delivery.hash])
    // Parked meanwhile, and freed: it is stored all the same.
    try await journal.park(delivery, reason: "keys")
    #expect(try await journal.storedDeliveries(to: album, limit: 9).isEmpty)
    try await journal.retry()
    #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty)
    #expect(try await journal.storedDeliveries(to: album, limit: 9).count == 1)
    let feed = try await journal.feed(in: album)
    #expect(feed.head == nil && PhotographerList.isID(feed.photographer))
    try await journal.beginHead(Data("next".utf8), in: album)
    #expect(try await journal.feed(in: album).next == Data("next".utf8))
    try await journal.confirmHead(Data("next".utf8), showing: [delivery], in: album)
    let shown = try await journal.feed(in: album)
    #expect(shown.head == Data("next".utf8) && shown.next == nil && shown.photographer == feed.photographer)
    #expect(try await journal.isDelivered(delivery.frame, to: [album]))
    #expect(try await journal.renewFeed(in: album).photographer != feed.photographer)
    #expect(try await journal.feed(in: album).head == nil)
  }

  @Test(
    "What is dropped while its bytes are on their way stays dropped, and the store throws away what it has")
  func dropped() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    #expect(try await journal.drop(QueueSelection()).deliveries == 1)
    let upload = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
    try await journal.acknowledgePart(1, bytes: 3, tag: "\"a\"", in: upload, of: delivery)
    #expect(try await journal.abandonedUploads(to: album).map(\.uploadID) == ["u1"])
    try await journal.markStored(delivery)
    #expect(try await journal.storedDeliveries(to: album, limit: 9).isEmpty)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty)
  }

  @Test("What is queued again is no longer taken for stored")
  func requeued() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    try await journal.markStored(delivery)
    try await journal.confirmHead(Data("head".utf8), showing: [delivery], in: album)
    #expect(try await journal.requeue([delivery]) == 1)
    #expect(try await journal.storedDeliveries(to: album, limit: 9).isEmpty)
    #expect(try await journal.storedDeliveries(of: [delivery.frame], to: album).isEmpty)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).map(\.id) == [delivery.id])
  }

  @Test(
    "An original that was stored and not shown goes again, if from now on another copy of it is published")
  func storedBeforeWishes() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    try await journal.markStored(delivery)
    try await journal.beginPublishing(OriginalWishes(arePrepared: true, areWithoutLocation: true))
    #expect(try await journal.storedDeliveries(to: album, limit: 9).isEmpty)
    #expect(try await journal.dueDeliveries(to: album, limit: 9).isEmpty, "it is to be prepared first")
  }

  @Test("Parts that were sent before an original was to go in another form are given up, and it starts anew")
  func partsBeforeWishes() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    let upload = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
    try await journal.acknowledgePart(1, bytes: 3, tag: "\"a\"", in: upload, of: delivery)
    try await journal.beginPublishing(OriginalWishes(arePrepared: true, areWithoutLocation: true))
    #expect(try await journal.partedUpload(of: delivery) == nil)
    #expect(try await journal.abandonedUploads(to: album).map(\.uploadID) == ["u1"])
    let open = try #require(try await journal.openDeliveries(limit: 1).first)
    #expect(open.state == .waiting && open.offset == 0)
    // Begun with the same wishes again, what has begun since goes on.
    let again = try await journal.beginParts(of: delivery, object: "k", uploadID: "u2", partBytes: 3)
    try await journal.beginPublishing(OriginalWishes(arePrepared: true, areWithoutLocation: true))
    #expect(try await journal.partedUpload(of: delivery)?.id == again.id)
  }

  @Test("Progress takes back why a delivery waited, its sentence and its code")
  func reasons() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let delivery = try await delivery(in: temporary, journal)
    func reason() async throws -> [String?] {
      let open = try await journal.openDeliveries(limit: 1).first
      return [open?.reason, open?.reasonCode]
    }
    try await journal.postpone(delivery, until: Date(), reason: "full", code: "noRoom")
    #expect(try await reason() == ["full", "noRoom"])
    let upload = try await journal.beginParts(of: delivery, object: "k", uploadID: "u1", partBytes: 3)
    #expect(try await reason() == [nil, nil])
    try await journal.postpone(delivery, until: Date(), reason: "full", code: "noRoom")
    try await journal.acknowledgePart(1, bytes: 3, tag: "\"a\"", in: upload, of: delivery)
    #expect(try await reason() == [nil, nil])
  }
}
