import Curl
import Foundation
import Journal
import Logging
import Model
import Synchronization
import Testing

@testable import Delivery

/// Deliveries to real stores. One SeaweedFS for all: it takes seconds to start.
@Suite(
  "Deliveries to S3-compatible stores",
  .enabled(
    if: ObjectStoreProcess.installed.count == ObjectStoreProcess.Kind.allCases.count,
    "the stores are not in .venv-test: scripts/test-venv.sh makes it"),
  .serialized)
struct ObjectStoreTests {
  /// Why a store may let us wait for a moment on a busy machine; what it did not take at once comes all the same.
  private static let passing: Set<DeliveryReason.Code> = [.failing, .busy, .offline]

  private func relay(to kind: ObjectStoreProcess.Kind) async throws -> Relay {
    try Relay(to: try await BucketPlace.store(kind).port)
  }

  @Test("Renditions and an original become objects and a feed", arguments: ObjectStoreProcess.installed)
  func wholeWay(kind: ObjectStoreProcess.Kind) async throws {
    let place = try await BucketPlace(kind)
    let bench = try await DeliveryBench()
    let (original, preview) = (DeliveryBench.random(700_000), DeliveryBench.random(9000))
    let frame = try await bench.frame(
      "婚礼 1.JPG", original, album: place.album,
      renditions: [.thumbnail: DeliveryBench.random(500), .preview: preview])
    let events = await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 3 }
    #expect(events.parked.isEmpty)
    #expect(events.waiting.allSatisfy { Self.passing.contains($0.reason.code) }, "\(events.waiting)")
    let shown = try #require(try await place.albums.show())
    #expect(shown.album.name == "Anna 和 Jan" && shown.photographers.count == 1)
    let entry = try #require(shown.frames.first)
    #expect(shown.frames.count == 1 && entry.frame == frame.hash && entry.name == "婚礼 1.JPG")
    #expect(entry.bytes == 700_000 && entry.facts.width == 3)
    #expect(entry.original == "media/\(frame.hash.hex).jpg")
    #expect(try await place.store.read(place.key(try #require(entry.original))) == original)
    #expect(try await place.store.read(place.key(try #require(entry.preview))) == preview)
    #expect(entry.thumbnail != nil)
    #expect(try await bench.journal.openDeliveries(limit: 9).isEmpty)
    // A guest who has the head asks with its tag, and gets nothing but a header.
    let key = place.key("feeds/\(shown.photographers[0])/head.json")
    let tag = try #require(try await place.store.head(key).headers["ETag"])
    let unchanged = try await place.store.client().send(
      S3Request(method: .get, key: key, headers: [.init(name: "If-None-Match", value: tag)]))
    #expect(unchanged.status == 304)
    #expect(unchanged.body.isEmpty)
    // rclone's server keeps no Cache-Control.
    guard kind != .rclone else { return }
    let object = try await place.store.head(place.key(try #require(entry.original)))
    #expect(object.headers["Content-Type"] == "image/jpeg")
    #expect(object.headers["Cache-Control"] == "public, max-age=31536000, immutable")
    #expect(
      object.headers["Content-Disposition"]?.contains("filename*=UTF-8''%E5%A9%9A%E7%A4%BC%201.JPG") == true)
    let head = try await place.store.head(key)
    #expect(head.headers["Cache-Control"] == "public, max-age=1, must-revalidate")
  }

  @Test("A large original goes in parts, several at once", arguments: ObjectStoreProcess.installed)
  func parts(kind: ObjectStoreProcess.Kind) async throws {
    let place = try await BucketPlace(kind)
    let bench = try await DeliveryBench()
    let original = DeliveryBench.random(23_000_001)
    let frame = try await bench.frame("CLIP.MP4", original, album: place.album)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await place.store.read(place.key("media/\(frame.hash.hex).mp4")) == original)
    let delivery = try #require(try await place.albums.show()?.frames.first)
    #expect(delivery.original == "media/\(frame.hash.hex).mp4")
    #expect(try await bench.journal.abandonedUploads(to: place.album).isEmpty)
  }

  @Test("Cut, stopped and begun anew again and again, only what was under way is sent twice")
  func stops() async throws {
    let relay = try await relay(to: .seaweedfs)
    let place = try await BucketPlace(.seaweedfs, port: relay.port)
    let bench = try await DeliveryBench()
    let original = DeliveryBench.random(31_000_000)
    let frame = try await bench.frame("IMG_0001.CR3", original, album: place.album)
    relay.set(Relay.Faults(cuts: [3_000_000, 8_000_000, 1_000_000]))
    let delivery = try #require(try await bench.journal.dueDeliveries(to: place.album, limit: 1).first)
    var known: Set<Int> = []
    func expectNoneTwice(since begun: Int) {
      #expect(known.isDisjoint(with: relay.parts[begun...]), "what the store had is not sent again")
    }
    for _ in 0..<4 {
      let begun = relay.parts.count
      let deliverer = bench.deliverer([place.destination])
      let mark = relay.received + 6_000_000
      await withDiscardingTaskGroup { group in
        group.addTask { await deliverer.run() }
        for _ in 0..<1000 where relay.received < mark {
          do { try await Task.sleep(for: .milliseconds(2)) } catch { break }
        }
        group.cancelAll()
      }
      expectNoneTwice(since: begun)
      guard let upload = try await bench.journal.partedUpload(of: delivery) else { continue }
      let there = try await place.store.client().listParts(upload.object, id: upload.uploadID).parts
      known.formUnion((there ?? []).map(\.number))
    }
    let begun = relay.parts.count
    if try await !bench.journal.openDeliveries(limit: 1).isEmpty {
      await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    }
    expectNoneTwice(since: begun)
    #expect(try await place.store.read(place.key("media/\(frame.hash.hex).cr3")) == original)
    #expect(Set(relay.parts) == Set(1...6))
    // At each of seven ends the parts on the two lines are cut.
    #expect(relay.parts.count <= 6 + 7 * 2, "\(relay.parts)")
    #expect(try await place.albums.show()?.frames.count == 1)
  }

  @Test("An upload in parts that the store has forgotten is begun again")
  func forgotten() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let bench = try await DeliveryBench()
    let original = DeliveryBench.random(11_000_000)
    let frame = try await bench.frame("IMG_0001.JPG", original, album: place.album)
    let delivery = try #require(try await bench.journal.dueDeliveries(to: place.album, limit: 1).first)
    let key = place.key("media/\(frame.hash.hex).jpg")
    _ = try await bench.journal.beginParts(
      of: delivery, object: key, uploadID: "0123456789abcdef", partBytes: 5 << 20)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await place.store.read(key) == original)
  }

  @Test("Parts that wait for a line when the network begins to cost do not go")
  func metered() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let relay = try await relay(to: .seaweedfs)
    let bench = try await DeliveryBench()
    let original = DeliveryBench.random(16_000_000)
    let frame = try await bench.frame("IMG_0001.CR3", original, album: place.album)
    let delivery = try #require(try await bench.journal.dueDeliveries(to: place.album, limit: 1).first)
    let lines = SendingLines(count: 2)
    let taken = [await lines.take(for: 0, bytes: 1), await lines.take(for: 0, bytes: 1)]
    let goesOn = Mutex(true)
    let upload = AssetUpload(
      client: try place.store.client(port: relay.port), journal: bench.journal, delivery: delivery,
      source: try await DeliverySource.open(delivery, on: DispatchQueue(label: "tests")),
      key: place.key("media/\(frame.hash.hex).cr3"), lines: lines, meter: ThroughputMeter()
    ) { goesOn.withLock { $0 } }
    async let outcome = upload.run()
    while lines.waiting < 3 { await Task.yield() }
    goesOn.withLock { $0 = false }
    for line in taken { line?.release() }
    guard case .laidAside = try await outcome else {
      Issue.record("it was not laid aside")
      return
    }
    #expect(relay.parts == [])
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await place.store.read(place.key("media/\(frame.hash.hex).cr3")) == original)
  }

  @Test("What is given up at the store is thrown away there when the album is next delivered to")
  func abandoned() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(11_000_000), album: place.album)
    let delivery = try #require(try await bench.journal.dueDeliveries(to: place.album, limit: 1).first)
    let client = try place.store.client()
    let headers = ObjectHeaders(contentType: "image/jpeg", cacheControl: "no-store")
    let key = place.key("media/left.jpg")
    let id = try #require(try await client.beginParts(key, headers: headers).id)
    _ = try await bench.journal.beginParts(of: delivery, object: key, uploadID: id, partBytes: 5 << 20)
    try await bench.journal.abandonParts(of: delivery)
    #expect(try await client.listParts(key, id: id).parts != nil)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await client.listParts(key, id: id).answer.code == "NoSuchUpload")
    #expect(try await bench.journal.abandonedUploads(to: place.album).isEmpty)
  }

  @Test("Wrong keys park with the store's words, and the secret is in none of them")
  func wrongKeys() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: place.album)
    let wrong = BucketDestination(
      location: try place.store.location(),
      credentials: S3Credentials(accessKeyID: "AKTEST", secretAccessKey: "hush-hush"), prefix: place.prefix)
    let events = await bench.run(
      bench.deliverer([DeliveryDestination(album: place.album, place: .bucket(wrong))])
    ) { !$0.parked.isEmpty }
    #expect(events.parked == [.notAllowed])
    let reason = try #require(try await bench.journal.openDeliveries(limit: 1).first?.reason)
    #expect(!reason.contains("hush"))
    try await bench.journal.retry()
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
  }

  @Test("An album that was not made parks with what to type; nothing goes to a mistyped prefix")
  func noAlbum() async throws {
    let place = try await BucketPlace(.seaweedfs, isMade: false)
    let bench = try await DeliveryBench()
    let frame = try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: place.album)
    let events = await bench.run(bench.deliverer([place.destination])) { !$0.parked.isEmpty }
    #expect(events.parked == [.noSuchAlbum])
    let reason = try await bench.journal.openDeliveries(limit: 1).first?.reason
    #expect(reason?.contains("pixcheese album create NAME --bucket s3://party/") == true)
    #expect(try await place.store.read(place.key("media/\(frame.hash.hex).jpg")) == nil)
  }

  @Test("An album that was deleted since an earlier run parks too, and shows nothing")
  func albumIsGone() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: place.album)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    let client = try place.store.client()
    let layout = BucketLayout(prefix: place.prefix)
    let head = layout.head(of: try await bench.journal.feed(in: place.album).photographer)
    for key in [layout.album, layout.photographers, head] {
      #expect(try await client.send(S3Request(method: .delete, key: key)).isSuccess)
    }
    try await bench.frame("IMG_0002.JPG", DeliveryBench.random(101), album: place.album)
    let events = await bench.run(bench.deliverer([place.destination])) { !$0.parked.isEmpty }
    #expect(events.parked == [.noSuchAlbum])
    #expect(events.sent.isEmpty)
    #expect(try await place.store.read(head) == nil)
  }

  @Test("A store that is down delays no other destination, and gets all when it is back")
  func severalDestinations() async throws {
    let relay = try await relay(to: .seaweedfs)
    relay.set(Relay.Faults(isDown: true))
    let down = try await BucketPlace(.seaweedfs, port: relay.port)
    let up = try await BucketPlace(.rclone)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(50_000)
    let thumbnail = DeliveryBench.random(300)
    for album in [down.album, up.album] {
      try await bench.frame("IMG_0001.JPG", bytes, album: album, renditions: [.thumbnail: thumbnail])
    }
    let away = down.album
    let events = await bench.run(bench.deliverer([down.destination, up.destination])) { events in
      // Not before one has all of it and the other was found to be away.
      if events.sent.count == 2, events.waiting.contains(where: { $0.album == away }) {
        relay.set(Relay.Faults())
      }
      return events.sent.count == 4
    }
    #expect(events.sent.prefix(2).allSatisfy { $0.album == up.album })
    #expect(events.waiting.first { $0.album == away }?.reason.code == .offline, "\(events.waiting)")
    #expect(!events.waiting.contains { $0.album == up.album && $0.reason.code == .offline })
    #expect(events.waiting.allSatisfy { Self.passing.contains($0.reason.code) }, "\(events.waiting)")
    #expect(try await down.albums.show()?.frames.count == 1)
  }

  @Test(
    "Four laptops that begin at once are all on the list and never overwrite each other",
    arguments: [ObjectStoreProcess.Kind.seaweedfs, .rclone])
  func laptops(kind: ObjectStoreProcess.Kind) async throws {
    let place = try await BucketPlace(kind)
    var frames: Set<ContentHash> = []
    var benches: [(DeliveryBench, Deliverer)] = []
    let shared = DeliveryBench.random(1000)
    for _ in 0..<4 {
      let bench = try await DeliveryBench()
      for bytes in [shared, DeliveryBench.random(1000), DeliveryBench.random(1000)] {
        frames.insert(
          try await bench.frame(
            "IMG.JPG", bytes, album: place.album, renditions: [.preview: Data(bytes.prefix(10))]
          ).hash)
      }
      benches.append((bench, bench.deliverer([place.destination])))
    }
    // Each works on until all can be seen: without conditional writes it is the later looks that heal the list.
    let deliverers = benches.map(\.1)
    var shown: BucketAlbums.Shown?
    await withDiscardingTaskGroup { group in
      for deliverer in deliverers { group.addTask { await deliverer.run() } }
      for _ in 0..<600 {
        shown = try? await place.albums.show()
        if let shown, shown.photographers.count == 4, shown.frames.count(where: { $0.original != nil }) == 9 {
          break
        }
        do { try await Task.sleep(for: .milliseconds(100)) } catch { break }
      }
      group.cancelAll()
    }
    #expect(shown?.photographers.count == 4)
    #expect(Set(shown?.frames.map(\.frame) ?? []) == frames)
    #expect(shown?.frames.allSatisfy { $0.preview != nil && $0.original != nil } == true)
  }

  @Test(
    "A copy of a laptop's folder gets a feed of its own, and a head that was killed in mid-write is our own")
  func copies() async throws {
    let place = try await BucketPlace(.seaweedfs)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: place.album)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    let record = try await bench.journal.feed(in: place.album)
    let client = try place.store.client()
    let layout = BucketLayout(prefix: place.prefix)
    // Killed after the head was written and before the journal heard of it.
    var head = try JSONDecoder().decode(FeedHead.self, from: try #require(record.head))
    head.seq += 5
    let later = try head.encoded()
    try await bench.journal.beginHead(later, in: place.album)
    let headers = ObjectHeaders(contentType: "application/json", cacheControl: "no-store")
    _ = try await client.put(Array(later), at: layout.head(of: record.photographer), headers: headers)
    try await bench.frame("IMG_0002.JPG", DeliveryBench.random(100), album: place.album)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await bench.journal.feed(in: place.album).photographer == record.photographer)
    // The copy wrote: a head that this journal never knew.
    head.seq += 50
    _ = try await client.put(
      Array(try head.encoded()), at: layout.head(of: record.photographer), headers: headers)
    try await bench.frame("IMG_0003.JPG", DeliveryBench.random(100), album: place.album)
    await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 1 }
    #expect(try await bench.journal.feed(in: place.album).photographer != record.photographer)
    let shown = try #require(try await place.albums.show())
    #expect(shown.photographers.count == 2)
    #expect(try await place.store.read(layout.head(of: record.photographer)) == head.encoded())
  }

  @Test("Hundreds of frames: heads are few, and a guest needs few requests")
  func many() async throws {
    let relay = try await relay(to: .seaweedfs)
    let place = try await BucketPlace(.seaweedfs, port: relay.port)
    let bench = try await DeliveryBench()
    for number in 0..<150 {
      try await bench.frame("IMG_\(number).JPG", Data("frame \(number)".utf8), album: place.album)
    }
    let events = await bench.run(
      bench.deliverer([place.destination], Deliverer.Options(originalPlaces: 8))
    ) { $0.sent.count == 150 }
    #expect(Set(events.sent.map(\.frame)).count == 150)
    let shown = try #require(try await place.albums.show())
    #expect(shown.frames.count == 150)
    let key = BucketLayout(prefix: place.prefix).head(of: shown.photographers[0])
    let head = try JSONDecoder().decode(FeedHead.self, from: try #require(try await place.store.read(key)))
    #expect(head.segments.count <= 8 && head.recent.count <= FeedHead.mostRecent)
    #expect(relay.methods.count { $0 == "PUT" } < 150 + 40)
  }

  @Test(
    "Nobody is pointed to a feed before its head is there, and what was looked at ahead is not asked for again"
  )
  func headFirst() async throws {
    let relay = try await relay(to: .seaweedfs)
    let place = try await BucketPlace(.seaweedfs, port: relay.port)
    let bench = try await DeliveryBench()
    func count(_ request: String, _ end: String) -> Int {
      relay.requests.count { $0.hasPrefix(request) && $0.hasSuffix(end) }
    }
    let deliverer = bench.deliverer([place.destination])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await deliverer.run() }
      defer { group.cancelAll() }
      for _ in 0..<2000 where count("GET", "/head.json") == 0 || count("GET", "/photographers.json") == 0 {
        try await Task.sleep(for: .milliseconds(5))
      }
      // The answers come before what is written into the journal now is noticed.
      try await Task.sleep(for: .milliseconds(200))
      try await bench.frame("IMG_0001.JPG", DeliveryBench.random(1000), album: place.album)
      for await event in deliverer.events {
        if case .sent = event { break }
      }
    }
    let written = relay.requests.filter { $0.hasPrefix("PUT") && $0.hasSuffix(".json") }
    #expect(written.first?.hasSuffix("/head.json") == true, "\(written)")
    #expect(count("GET", "/head.json") == 1)
    #expect(count("HEAD", "/head.json") == 0)
  }

  @Test("A clock that is wrong by days is corrected by the store's own")
  func skew() async throws {
    let store = try await BucketPlace.store(.seaweedfs)
    let curl = try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1"))
    for wrong in [-86_400.0 * 3, 3600.0] {
      let client = S3Client(
        try store.location(), credentials: ObjectStoreProcess.credentials, curl: curl, timeouts: Timeouts()
      ) { Date().addingTimeInterval(wrong) }
      // HEAD first: its refusal has no words.
      #expect(try await client.head("skew").presence != nil)
      let headers = ObjectHeaders(contentType: "text/plain", cacheControl: "no-store")
      let answer = try await client.put(Array("x".utf8), at: "skew", headers: headers)
      #expect(answer.isSuccess, "\(answer.failure)")
    }
  }
}
