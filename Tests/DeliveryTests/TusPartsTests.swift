import Curl
import Foundation
import Journal
import Logging
import Model
import Testing

@testable import Delivery

@Suite("Originals in parallel parts")
struct TusPartsTests {
  private static let album = "tus+http://album.example/files"

  /// As for a server on another machine: to this one files go whole.
  private func client(_ port: UInt16, _ bench: DeliveryBench, lines: SendingLines) throws -> TusClient {
    TusClient(
      TusEndpoint(creation: try #require(URL(string: "http://127.0.0.1:\(port)/files"))), album: Self.album,
      curl: bench.curl, journal: bench.journal, timeouts: Timeouts(), isLoopback: false, lines: lines,
      meter: ThroughputMeter(), clock: ServerClock { _ in }, logger: Logger(label: "tests"))
  }

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

  @Test(
    "An independent server gets an original in parts over several connections, and joins them",
    .enabled(if: TusServerProcess.isInstalled(.resumableUpload), "no tus server in .venv-test"))
  func parts() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(4_000_001)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let client = try client(relay.port, bench, lines: SendingLines(count: 3))
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(try server.copies(of: bytes) == 1)
    // Eight parts and the whole.
    #expect(relay.methods.filter { $0 == "POST" }.count == 9)
    #expect(try await due(bench) == nil)
    #expect(try await bench.journal.abandonedUploads(to: Self.album).isEmpty)
  }

  @Test(
    "Where more originals wait than there are lines, each goes whole",
    .enabled(if: TusServerProcess.isInstalled(.resumableUpload), "no tus server in .venv-test"))
  func whole() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let lines = SendingLines(count: 3)
    lines.set(count: 3, behind: 3)
    let client = try client(relay.port, bench, lines: lines)
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(relay.methods.filter { $0 == "POST" }.count == 1)
    #expect(try server.copies(of: bytes) == 1)
  }

  @Test(
    "Stopped again and again at any moment, it goes on with the parts that are there, and little goes twice",
    .enabled(if: TusServerProcess.isInstalled(.resumableUpload), "no tus server in .venv-test"))
  func stops() async throws {
    let server = try await TusServerProcess(.resumableUpload)
    let relay = try Relay(to: server.port)
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(6_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    var generator = SplitMix(seed: 7)
    var stops = 0
    while let delivery = try await due(bench), stops < 20 {
      // A new client knows only what the journal does.
      let client = try client(relay.port, bench, lines: SendingLines(count: 3))
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
    }
    while let delivery = try await due(bench) {
      _ = try await client(relay.port, bench, lines: SendingLines(count: 3)).carry(delivery)
    }
    #expect(try server.copies(of: bytes) == 1)
    #expect(stops > 1)
    // What was in flight when it was stopped: less than a part for each line, and mostly far less.
    #expect(relay.received < 6_000_000 + stops * 3 * (512 << 10))
  }

  @Test(
    "A server that has forgotten the parts, or makes no file of them, gets the bytes again",
    .enabled(if: TusServerProcess.isInstalled(.resumableUpload), "no tus server in .venv-test"))
  func forgotten() async throws {
    let bench = try await DeliveryBench()
    let bytes = DeliveryBench.random(2_000_000)
    try await bench.frame("IMG_0001.JPG", bytes, album: Self.album)
    let delivery = try #require(try await due(bench))
    let parted = try await bench.journal.beginParts(
      of: delivery, object: "", uploadID: TusErrand.journalName, partBytes: 700_000)
    for number in 1...3 {
      try await bench.journal.acknowledgePart(
        number, bytes: 600_000, tag: "/files/00000000-0000-4000-8000-00000000000\(number)", in: parted,
        of: delivery)
    }
    let server = try await TusServerProcess(.resumableUpload)
    let client = try client(server.port, bench, lines: SendingLines(count: 2))
    #expect(try await client.carry(try #require(try await due(bench))) == .sent)
    #expect(try server.copies(of: bytes) == 1)
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
