import Curl
import Foundation
import Journal
import Logging
import Model
import Synchronization
import Testing

@testable import Delivery

@Suite("Originals in parallel parts")
struct TusPartsTests {
  private static let album = "tus+http://album.example/files"

  /// As for a server on another machine: to this one files go whole.
  private func client(
    _ endpoint: TusEndpoint, _ bench: DeliveryBench, lines: SendingLines = SendingLines(count: 3),
    meter: ThroughputMeter = ThroughputMeter()
  ) -> TusClient {
    TusClient(
      endpoint, album: Self.album, curl: bench.curl, journal: bench.journal, timeouts: Timeouts(),
      isLoopback: false, lines: lines, meter: meter, clock: ServerClock { _ in },
      logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
  }

  private func endpoint(_ port: UInt16) throws -> TusEndpoint {
    TusEndpoint(creation: try #require(URL(string: "http://127.0.0.1:\(port)/files")))
  }

  /// A server that joins parts and knows content, as album servers do.
  private static let joining =
    ScriptedTus.basic + ["termination", "concatenation", "pixcheese-known-content"]

  private func due(_ bench: DeliveryBench) async throws -> Delivery? {
    try await bench.journal.dueDeliveries(
      to: Self.album, kinds: [.original], limit: 1, now: .distantFuture
    ).first
  }

  @Test("A file is cut into some parts for each line, never into small ones or too many")
  func cut() throws {
    #expect(TusParts(length: 1_000_000, lines: 8) == nil)
    #expect(TusParts(length: 100_000_000, lines: 1) == nil)
    let photo = try #require(TusParts(length: 3_500_000, lines: 3))
    #expect(photo.count == 7)
    #expect(photo.partBytes == TusParts.smallest)
    let clip = try #require(TusParts(length: 2_000_000_001, lines: 16))
    #expect(clip.count == 32)
    for parts in [photo, clip] {
      #expect(parts.range(of: 1).lowerBound == 0)
      for number in 1..<parts.count {
        #expect(parts.range(of: number).upperBound == parts.range(of: number + 1).lowerBound)
      }
      #expect(parts.range(of: parts.count).upperBound == parts.length)
    }
  }

  @Test("An original goes to an album server in parts over several connections, and nothing of them stays")
  func parts() async throws {
    try await AlbumPlace.with { place in
      let relay = try Relay(to: place.port)
      let bench = try await DeliveryBench()
      let bytes = DeliveryBench.random(4_000_001)
      try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
      let client = client(place.endpoint(over: relay), bench)
      #expect(try await client.carry(try #require(try await due(bench))) == .sent)
      #expect(try await place.has(bytes))
      // Eight parts and the whole.
      #expect(relay.methods.filter { $0 == "POST" }.count == 9)
      #expect(try place.leftovers() == [])
      #expect(try await due(bench) == nil)
      #expect(try await bench.journal.abandonedUploads(to: Self.album).isEmpty)
    }
  }

  @Test("Where more originals wait than there are lines, each goes whole")
  func whole() async throws {
    try await AlbumPlace.with { place in
      let relay = try Relay(to: place.port)
      let bench = try await DeliveryBench()
      let bytes = DeliveryBench.random(2_000_000)
      try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
      let lines = SendingLines(count: 3)
      lines.set(count: 3, behind: 3)
      let client = client(place.endpoint(over: relay), bench, lines: lines)
      #expect(try await client.carry(try #require(try await due(bench))) == .sent)
      #expect(relay.methods.filter { $0 == "POST" }.count == 1)
      #expect(try await place.has(bytes))
    }
  }

  @Test(
    "A server that joins parts and does not know content gets the file whole: a lost answer would make a second",
    .enabled(if: TusServerProcess.isInstalled(.resumableUpload), "no tus server in .venv-test"))
  func foreign() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    #expect(
      try await client(try endpoint(relay.port), bench).carry(try #require(try await due(bench))) == .sent)
    #expect(relay.methods.filter { $0 == "POST" }.count == 1)
    #expect(try server.copies(of: bytes) == 1)
  }

  @Test(
    "Stopped again and again at any moment, it goes on with the parts that are there, and little goes twice")
  func stops() async throws {
    try await AlbumPlace.with { place in
      let relay = try Relay(to: place.port)
      let bench = try await DeliveryBench()
      let bytes = DeliveryBench.random(6_000_000)
      try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
      var generator = SplitMix(seed: 7)
      var stops = 0
      while let delivery = try await due(bench), stops < 20 {
        // A new client knows only what the journal does.
        let client = client(place.endpoint(over: relay), bench)
        let mark = relay.received + Int.random(in: 0..<900_000, using: &generator)
        stops += 1
        try await withThrowingDiscardingTaskGroup { group in
          group.addTask {
            do {
              _ = try await client.carry(delivery)
            } catch let error as JournalError where error.isCancellation {
              // What was being written down when it was stopped is not.
            }
          }
          for _ in 0..<2000 where relay.received < mark {
            do { try await Task.sleep(for: .milliseconds(1)) } catch { break }
          }
          group.cancelAll()
        }
        // What the relay has and a server that stands still has not taken would go again.
        for _ in 0..<6000 where relay.isCarryingOn { try await Task.sleep(for: .milliseconds(10)) }
      }
      while let delivery = try await due(bench) {
        _ = try await client(place.endpoint(over: relay), bench).carry(delivery)
      }
      #expect(try await place.has(bytes))
      #expect(try place.leftovers() == [])
      #expect(stops > 1)
      // A torn chunk is kept as far as it came: what goes twice is what each line's connection held back when it was cut,
      // and never all of their parts.
      let twice = relay.received - bytes.count
      #expect(twice < stops * 3 * (512 << 10) / 4, "\(twice) bytes in \(stops) stops")
    }
  }

  @Test("Of parts that an album server has, only the one that it has lost goes again before they are joined")
  func lostPart() async throws {
    try await AlbumPlace.with { place in
      let relay = try Relay(to: place.port)
      let bench = try await DeliveryBench()
      let bytes = DeliveryBench.random(4_000_000)
      try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
      let delivery = try #require(try await due(bench))
      let parted = try await bench.journal.beginParts(
        of: delivery, object: delivery.hash.hex, uploadID: TusErrand.journalName, partBytes: 1_000_000)
      let endpoint = place.endpoint()
      var addresses: [URL] = []
      for number in 1...4 {
        let range = TusParts(length: delivery.bytes, partBytes: parted.partBytes).range(of: number)
        let request = endpoint.create(
          length: 1_000_000, metadata: UploadMetadata(sha256: delivery.hash).header, carrying: 1_000_000,
          isPartial: true)
        let answer = try await bench.curl.perform(
          Request(
            .post, request.url, headers: request.headers,
            body: .bytes(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))))
        let address = try #require(answer.headers["Location"].flatMap(endpoint.resolve))
        addresses.append(address)
        try await bench.journal.acknowledgePart(
          number, bytes: 1_000_000, tag: endpoint.reference(to: address), in: parted, of: delivery)
      }
      let lost = endpoint.terminate(addresses[1])
      #expect(
        try await bench.curl.perform(Request(.delete, lost.url, headers: lost.headers)).status == 204)
      let client = client(place.endpoint(over: relay), bench)
      #expect(try await client.carry(try #require(try await due(bench))) == .sent)
      #expect(try await place.has(bytes))
      #expect((1_000_000..<1_100_000).contains(relay.received))
      // The joining that missed a part, asked for twice, the part, and the joining.
      #expect(relay.methods.filter { $0 == "POST" }.count == 4)
      #expect(try place.leftovers() == [])
    }
  }

  @Test("While a server joins parts it is known to be at work, and neither before nor after")
  func assembling() async throws {
    let server = try ScriptedTus(extensions: Self.joining)
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", DeliveryBench.random(2_000_000), album: Self.album)
    let meter = ThroughputMeter()
    let seen = Mutex<[Bool]>([])
    server.whenTaken { if meter.isAssembling { seen.withLock { $0.append(false) } } }
    server.whenJoined { seen.withLock { $0.append(meter.isAssembling) } }
    let client = client(try endpoint(server.port), bench, meter: meter)
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(seen.withLock { $0 } == [true])
    #expect(!meter.isAssembling)
  }

  @Test("A lost answer to the joining makes no second file")
  func lostAnswer() async throws {
    let server = try ScriptedTus(
      ["JOIN": [.loseAnswer, .loseAnswer, .loseAnswer]], extensions: Self.joining)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let client = client(try endpoint(server.port), bench)
    while let delivery = try await due(bench) {
      switch try await client.carry(delivery) {
      case .sent: continue
      case .stopped(let reason, _): #expect(reason.code == .offline)
      case let other: Issue.record("\(other)")
      }
    }
    #expect(server.exchanges.filter { $0.method == "JOIN" }.map(\.status) == [0, 0, 0, 201])
    #expect(server.wholeCount == 1)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.taken == bytes.count)
  }

  @Test(
    "Parts that are gone because an earlier joining came to its end are not sent again",
    arguments: [400, 404])
  func joinedMeanwhile(status: Int) async throws {
    let server = try ScriptedTus(["JOIN": [.takeLong(504), .refuse(status)]], extensions: Self.joining)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let client = client(try endpoint(server.port), bench)
    let first = try await client.carry(try #require(try await due(bench)))
    guard case .stopped(let reason, _) = first, reason.code == .failing else {
      Issue.record("\(first)")
      return
    }
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(server.exchanges.filter { $0.method == "JOIN" }.map(\.status) == [504, status, 201])
    #expect(server.copies(of: bytes) == 1)
    #expect(server.wholeCount == 1)
    #expect(server.taken == bytes.count)
  }

  @Test(
    "A server that makes no file of its parts gets it whole in the same run, and the parts are thrown away there first",
    arguments: [400, 405, 410, 415, 460, 501, 507])
  func refusedJoin(status: Int) async throws {
    let server = try ScriptedTus(
      ["JOIN": [.refuse(status), .refuse(status)]], extensions: Self.joining, roomFor: 2_100_000)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let client = client(try endpoint(server.port), bench)
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.wholeCount == 1)
    #expect(server.exchanges.count { $0.method == "JOIN" } == 1)
    #expect(server.exchanges.count { $0.method == "DELETE" && $0.status == 204 } == 4)
    #expect(try await bench.journal.abandonedUploads(to: Self.album).isEmpty)
  }

  @Test("Parts of other bytes than those that go now are thrown away, never joined with new ones")
  func otherContent() async throws {
    let server = try ScriptedTus(extensions: Self.joining)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let delivery = try #require(try await due(bench))
    let parted = try await bench.journal.beginParts(
      of: delivery, object: ContentHash(of: Data([1])).hex, uploadID: TusErrand.journalName,
      partBytes: 1_000_000)
    for number in 1...2 {
      try await bench.journal.acknowledgePart(
        number, bytes: 1_000_000,
        tag: server.begin(length: 1_000_000, with: DeliveryBench.random(1_000_000), isPartial: true),
        in: parted, of: delivery)
    }
    let client = client(try endpoint(server.port), bench)
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.wholeCount == 1)
    #expect(try await bench.journal.abandonedUploads(to: Self.album).map(\.id) == [parted.id])
    await client.prepare()
    #expect(try await bench.journal.abandonedUploads(to: Self.album).isEmpty)
    #expect(server.exchanges.count { $0.method == "DELETE" } == 2)
  }

  @Test("Parts that wait for a line when the network begins to cost do not go")
  func metered() async throws {
    let server = try ScriptedTus(extensions: Self.joining)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(4_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let delivery = try #require(try await due(bench))
    let lines = SendingLines(count: 2)
    let taken = [await lines.take(for: 0, bytes: 1), await lines.take(for: 0, bytes: 1)]
    let client = client(try endpoint(server.port), bench, lines: lines)
    let goesOn = Mutex(true)
    async let outcome = client.carry(
      delivery, from: try await DeliverySource.open(delivery, on: DispatchQueue(label: "tests"))
    ) { goesOn.withLock { $0 } }
    while lines.waiting < 3 { await Task.yield() }
    goesOn.withLock { $0 = false }
    for line in taken { line?.release() }
    #expect(try await outcome == .laidAside)
    #expect(!server.exchanges.contains { $0.method == "PATCH" })
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.taken == bytes.count)
  }
}

@Suite("The lines to a destination")
struct SendingLinesTests {
  @Test(
    "So many bodies go at once, the oldest delivery's first, and a line is free with its body's last byte")
  func order() async {
    let lines = SendingLines(count: 1)
    let first = await lines.take(for: 5, bytes: 100)
    let (order, next) = AsyncStream<Int64>.makeStream()
    await withDiscardingTaskGroup { group in
      for delivery: Int64 in [9, 7, 8] {
        group.addTask {
          let line = await lines.take(for: delivery, bytes: 10)
          next.yield(delivery)
          line?.release()
          line?.release()
        }
      }
      // All three wait for the only line.
      while lines.waiting < 3 { await Task.yield() }
      first?.sent(60)
      #expect(lines.waiting == 3)
      first?.sent(40)
      first?.release()
      var seen: [Int64] = []
      for await delivery in order {
        seen.append(delivery)
        if seen.count == 3 { break }
      }
      #expect(seen == [7, 8, 9])
    }
    #expect(await lines.take(for: 1, bytes: 1) != nil)
  }

  @Test("Who is cancelled while waiting gets none, and keeps it from nobody")
  func cancelled() async {
    let lines = SendingLines(count: 1)
    let first = await lines.take(for: 1, bytes: 1)
    let waiting = Task { await lines.take(for: 2, bytes: 1) == nil }
    while lines.waiting < 1 { await Task.yield() }
    waiting.cancel()
    #expect(await waiting.value)
    #expect(lines.waiting == 0)
    first?.release()
    #expect(await lines.take(for: 3, bytes: 1) != nil)
  }

  @Test("More lines let those go that wait")
  func more() async {
    let lines = SendingLines(count: 1)
    let first = await lines.take(for: 1, bytes: 1)
    let waiting = Task { await lines.take(for: 2, bytes: 1) != nil }
    while lines.waiting < 1 { await Task.yield() }
    lines.set(count: 2, behind: 0)
    #expect(await waiting.value)
    #expect(lines.isRunningOut)
    lines.set(count: 2, behind: 2)
    #expect(!lines.isRunningOut)
    first?.release()
  }
}
