import Curl
import Foundation
import Journal
import Logging
import Model
import Testing

@testable import Delivery

@Suite(
  "Deliveries to independent tus servers",
  .enabled(
    if: TusServerProcess.isInstalled(.resumableUpload),
    "no tus server in .venv-test: scripts/test-venv.sh makes it"))
struct InteropTests {
  let album = "tus+http://album.example/files"

  func destination(
    _ port: UInt16, album: String? = nil, takes: [AssetKind] = [.original], path: String = "/files"
  )
    throws -> DeliveryDestination
  {
    DeliveryDestination(
      album: album ?? self.album, creationURL: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")),
      takes: takes)
  }

  @Test("An original arrives byte for byte", arguments: TusServerProcess.installed)
  func original(kind: TusServerProcess.Kind) async throws {
    let server = try await TusServerProcess(kind)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(3_000_001)
    let frame = try await bench.frame("IMG_0001.JPG", bytes, album: album)
    let events = await bench.run(bench.deliverer([try destination(server.port)])) { !$0.sent.isEmpty }
    let sent = try #require(events.sent.first)
    #expect(sent.frame == frame.hash)
    #expect(sent.kind == .original)
    #expect(sent.bytes == 3_000_001)
    #expect(sent.milliseconds != nil)
    #expect(try server.copies(of: bytes) == 1)
    #expect(try await bench.journal.openDeliveries(limit: 9).isEmpty)
  }

  @Test("Chunks with checksums are taken", arguments: TusServerProcess.installed)
  func chunks(kind: TusServerProcess.Kind) async throws {
    let server = try await TusServerProcess(kind)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(9_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: album)
    let client = TusClient(
      TusEndpoint(creation: try #require(URL(string: "http://127.0.0.1:\(relay.port)/files"))), album: album,
      curl: bench.curl, journal: bench.journal, timeouts: Timeouts(), isLoopback: false,
      lines: SendingLines(count: 1), meter: ThroughputMeter(),
      clock: ServerClock { _ in }, logger: Logger(label: "tests"))
    let delivery = try #require(try await bench.journal.dueDeliveries(to: album, limit: 1).first)
    #expect(try await client.carry(delivery) == .sent)
    #expect(try server.copies(of: bytes) == 1)
    #expect(relay.methods.filter { $0 == "PATCH" }.count >= 2)
    #expect(!relay.methods.contains("HEAD"))
  }

  @Test("Connections cut in the middle of a body cost a HEAD each, and the upload goes on")
  func cuts() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    relay.set(Relay.Faults(cuts: [900_000, 700_000, 500_000, 1_100_000]))
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(5_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: album)
    await bench.run(bench.deliverer([try destination(relay.port)])) { !$0.sent.isEmpty }
    #expect(try server.copies(of: bytes) == 1)
    #expect(relay.methods.filter { $0 == "POST" }.count == 1)
    // Two of the four cuts may meet connections on which only OPTIONS goes.
    #expect(relay.methods.filter { $0 == "HEAD" }.count >= 2)
  }

  @Test("Stopped again and again at any moment, it goes on where it was and makes one copy")
  func stops() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    var frames: [Data] = []
    for number in 0..<6 {
      frames.append(DeliveryBench.random(400_000))
      try await bench.frame("IMG_000\(number).JPG", frames[number], album: album)
    }
    var generator = SplitMix(seed: 42)
    for _ in 0..<25 {
      let deliverer = bench.deliverer([try destination(relay.port)])
      let mark = relay.received + Int.random(in: 0..<200_000, using: &generator)
      // Stops when the wire has carried a random number of bytes more: in a header, a body, an answer, or a write.
      await withDiscardingTaskGroup { group in
        group.addTask { await deliverer.run() }
        for _ in 0..<200 where relay.received < mark {
          do { try await Task.sleep(for: .milliseconds(1)) } catch { break }
        }
        group.cancelAll()
      }
    }
    let open = try await bench.journal.openDeliveries(limit: 9).count
    if open > 0 {
      await bench.run(bench.deliverer([try destination(relay.port)])) { $0.sent.count == open }
    }
    for bytes in frames { #expect(try server.copies(of: bytes) == 1) }
  }

  @Test("A renditions-first album gets thumbnails, then previews, newest first; then originals, oldest first")
  func order() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let bench = try await DeliveryBench()
    var names: [String] = []
    for number in 1...3 {
      names.append("IMG_000\(number).JPG")
      try await bench.frame(
        names[number - 1], DeliveryBench.random(50_000), album: "Party",
        renditions: [.thumbnail: DeliveryBench.random(5_000), .preview: DeliveryBench.random(20_000)])
    }
    let options = Deliverer.Options(renditionPlaces: 1, originalPlaces: 1)
    let events = await bench.run(
      bench.deliverer([try destination(server.port, album: "Party", takes: AssetKind.allCases)], options)
    ) { $0.sent.count == 9 }
    let renditions = events.sent.filter { $0.kind != .original }
    let originals = events.sent.filter { $0.kind == .original }
    #expect(
      renditions.map(\.kind) == Array(repeating: .thumbnail, count: 3) + Array(repeating: .preview, count: 3))
    #expect(renditions.map(\.name) == names.reversed() + names.reversed())
    #expect(originals.map(\.name) == names)
    // The first original starts when the last preview has a place, and may be written down before it.
    #expect(events.sent.prefix(5).allSatisfy { $0.kind != .original })
  }

  @Test("However fast deliveries end while others are looked for, none is sent twice")
  func once() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let bench = try await DeliveryBench()
    for number in 1...12 {
      try await bench.frame(
        "IMG_\(number).JPG", DeliveryBench.random(500), album: "Party",
        renditions: [.thumbnail: DeliveryBench.random(300), .preview: DeliveryBench.random(400)])
    }
    let options = Deliverer.Options(renditionPlaces: 4, originalPlaces: 4)
    let events = await bench.run(
      bench.deliverer([try destination(server.port, album: "Party", takes: AssetKind.allCases)], options)
    ) { $0.sent.count >= 36 }
    #expect(Set(events.sent.map { "\($0.name) \($0.kind)" }).count == 36)
    #expect(try server.uploads() == 36)
  }

  @Test("A destination that is down rests and says what waits; another is not held up; a nudge tries at once")
  func down() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    relay.set(Relay.Faults(isDown: true))
    let bench = try await DeliveryBench()
    let other = "tus+http://other.example/files"
    let bytes = DeliveryBench.random(10_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: album)
    try await bench.frame("IMG_0002.JPG", DeliveryBench.random(20_000), album: other)
    let deliverer = bench.deliverer(
      [try destination(relay.port), try destination(server.port, album: other)],
      Deliverer.Options(firstRest: .seconds(3600), longestRest: .seconds(3600)))
    let events = await bench.run(deliverer) { events in
      if events.sent.map(\.album) == [other], events.waiting.count == 1 {
        relay.set(Relay.Faults())
        await deliverer.nudge()
      }
      return events.sent.count == 2
    }
    let waiting = try #require(events.waiting.first)
    #expect(waiting.album == album)
    #expect(waiting.count == 1)
    #expect(waiting.bytes == 10_000)
    #expect(waiting.reason.code == .offline)
    #expect(try server.copies(of: bytes) == 1)
  }

  @Test("While originals are held, renditions go and the reason is told; then the originals go")
  func held() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let bench = try await DeliveryBench()
    try await bench.frame(
      "IMG_0001.JPG", DeliveryBench.random(50_000), album: "Party",
      renditions: [.thumbnail: DeliveryBench.random(5_000), .preview: DeliveryBench.random(20_000)])
    // This machine, by an address that is not known for it: its own albums are never held.
    let elsewhere = DeliveryDestination(
      album: "Party", creationURL: try #require(URL(string: "http://0.0.0.0:\(server.port)/files")))
    let deliverer = bench.deliverer([elsewhere])
    await deliverer.hold(originals: true)
    let first = await bench.run(deliverer) { $0.sent.count == 2 && !$0.waiting.isEmpty }
    #expect(Set(first.sent.map(\.kind)) == [.thumbnail, .preview])
    #expect(first.waiting.map(\.reason.code) == [.metered])
    #expect(try await bench.journal.openDeliveries(limit: 9).map(\.kind) == [.original])
    let again = bench.deliverer([elsewhere])
    await again.hold(originals: true)
    let rest = await bench.run(again) { events in
      if events.sent.isEmpty { await again.hold(originals: false) }
      return !events.sent.isEmpty
    }
    #expect(rest.sent.map(\.kind) == [.original])
  }

  @Test("An album that is not there parks the delivery with the reason, and retry frees it")
  func noAlbum() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(100), album: album)
    let events = await bench.run(bench.deliverer([try destination(server.port, path: "/nothing")])) {
      !$0.parked.isEmpty
    }
    #expect(events.parked == [.noSuchAlbum])
    let parked = try #require(try await bench.journal.openDeliveries(limit: 9).first)
    #expect(parked.state == .parked)
    #expect(parked.reason?.contains("404") == true)
    try await bench.journal.retry()
    await bench.run(bench.deliverer([try destination(server.port)])) { !$0.sent.isEmpty }
  }

  @Test("An upload that the server has forgotten is made again")
  func forgotten() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(1000)
    try await bench.frame("IMG_0001.JPG", bytes, album: album)
    let delivery = try #require(try await bench.journal.dueDeliveries(to: album, limit: 1).first)
    try await bench.journal.beginSending(delivery, uploadURL: "/files/6b1f4a52-8d0e-4f1c-9a77-0d1d3c1f2a3b")
    try await bench.journal.acknowledge(delivery, offset: 500)
    await bench.run(bench.deliverer([try destination(server.port)])) { !$0.sent.isEmpty }
    #expect(try server.copies(of: bytes) == 1)
  }
}
