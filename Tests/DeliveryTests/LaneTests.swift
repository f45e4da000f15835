import Foundation
import Journal
import Logging
import Model
import Synchronization
import Testing

@testable import Delivery

@Suite("A lane to one destination")
struct LaneTests {
  /// Goes on with one delivery when it is told to, and is refused the other.
  private struct ScriptedClient: DestinationClient {
    let refused: ContentHash
    let reason: DeliveryReason
    let retryAfter: Duration?
    /// The destination answered the first one.
    let answers: AsyncStream<Void>
    /// What was heard: whether it was to go on.
    let goesOn: AsyncStream<Bool>.Continuation

    func prepare() async {}

    func carry(
      _ delivery: Delivery, from source: DeliverySource, heard: @escaping @Sendable () async -> Bool
    ) async throws(JournalError) -> DeliveryOutcome {
      if delivery.hash == refused { return .stopped(reason, retryAfter: retryAfter) }
      for await _ in answers { break }
      goesOn.yield(await heard())
      return .laidAside
    }
  }

  /// Waits for a destination that makes a file, for as long as it lives.
  private struct AssemblingClient: DestinationClient {
    let meter: ThroughputMeter

    func prepare() async {}

    func carry(
      _ delivery: Delivery, from source: DeliverySource, heard: @escaping @Sendable () async -> Bool
    ) async throws(JournalError) -> DeliveryOutcome {
      await meter.assembling { _ = await Task.pause(for: .seconds(1000)) }
      return .cancelled
    }
  }

  @Test(
    "Again and again it is told that a destination makes a file of its parts: nobody is to give up meanwhile")
  func assembling() async throws {
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_1.JPG", Data("1".utf8), album: "Party")
    let (events, tell) = AsyncStream<DeliveryEvent>.makeStream()
    let meter = ThroughputMeter()
    let lane = DeliveryLane(
      DeliveryDestination(
        album: "Party", creationURL: try #require(URL(string: "http://album.example/files")),
        takes: [.original]),
      client: AssemblingClient(meter: meter), journal: bench.journal, lines: SendingLines(count: 2),
      meter: meter, options: Deliverer.Options(), events: tell,
      logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    await withDiscardingTaskGroup { group in
      group.addTask { await lane.run() }
      var told = 0
      for await event in events {
        if case .assembling = event { told += 1 }
        if told == 2 { break }
      }
      group.cancelAll()
    }
  }

  @Test(
    "While a destination rests because it asked for that, what is under way stops with its chunk; after a broken connection it goes on",
    arguments: [Duration?.some(.seconds(1000)), nil])
  func quiet(retryAfter: Duration?) async throws {
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_1.JPG", Data("1".utf8), album: "Party")
    let refused = try await bench.frame("IMG_2.JPG", Data("2".utf8), album: "Party")
    let (answers, answer) = AsyncStream<Void>.makeStream()
    let (heard, goesOn) = AsyncStream<Bool>.makeStream()
    let (events, tell) = AsyncStream<DeliveryEvent>.makeStream()
    let lane = DeliveryLane(
      DeliveryDestination(
        album: "Party", creationURL: try #require(URL(string: "http://album.example/files")),
        takes: [.original]),
      client: ScriptedClient(
        refused: refused.hash,
        reason: DeliveryReason(retryAfter == nil ? .offline : .busy, "It asks for patience."),
        retryAfter: retryAfter, answers: answers, goesOn: goesOn),
      journal: bench.journal, lines: SendingLines(count: 2), meter: ThroughputMeter(),
      options: Deliverer.Options(
        originalPlaces: 2, firstRest: .seconds(1000), longestRest: .seconds(1000)),
      events: tell, logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    await withDiscardingTaskGroup { group in
      group.addTask { await lane.run() }
      for await event in events { if case .waiting = event { break } }
      answer.yield()
      for await isToGoOn in heard {
        #expect(isToGoOn == (retryAfter == nil))
        break
      }
      group.cancelAll()
    }
  }
}
