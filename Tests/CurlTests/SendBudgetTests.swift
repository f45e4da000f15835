import Foundation
import Synchronization
import Testing

@testable import Curl

@Suite("How fast bodies are sent")
struct SendBudgetTests {
  @Test(
    "Over any time no more goes than the limit allows and one burst, whatever is asked for", arguments: 0..<20
  )
  func limit(seed: Int) {
    var generator = SystemRandomNumberGenerator()
    let rate = [8_000.0, 250_000, 12_500_000][seed % 3]
    let start = ContinuousClock.now
    var budget = SendBudget(now: start)
    budget.bytesPerSecond = rate
    var now = start
    var taken = 0.0
    for _ in 0..<2000 {
      now = now + .milliseconds(Int.random(in: 0...30, using: &generator))
      taken += Double(budget.take(Int.random(in: 1...262_144, using: &generator), now: now))
      let seconds = start.duration(to: now) / .seconds(1)
      #expect(taken <= rate * seconds + max(rate / 10, 131_072))
    }
  }

  @Test("Whoever asks again as soon as it is told to gets what the limit allows")
  func fullUse() {
    var now = ContinuousClock.now
    let start = now
    var budget = SendBudget(now: now)
    budget.bytesPerSecond = 250_000
    var taken = 0.0
    while taken < 2_500_000 {
      let count = budget.take(262_144, now: now)
      taken += Double(count)
      if count == 0 { now = now + budget.wait(now: now) + .milliseconds(1) }
    }
    let rate = taken / (start.duration(to: now) / .seconds(1))
    // The headers of packets have their share of the limit.
    #expect((225_000...245_000).contains(rate), "\(rate)")
  }

  @Test("Without a limit all goes at once")
  func none() {
    var budget = SendBudget(now: .now)
    #expect(budget.take(1 << 20, now: .now) == 1 << 20)
    #expect(budget.wait(now: .now) == .zero)
  }

  @Test("Two bodies share a limit, take turns, and arrive whole; this machine's own servers are not limited")
  func shared() async throws {
    let bodies = Mutex<[[UInt8]]>([])
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      let body = connection.read(300_000)
      bodies.withLock { $0.append(body) }
      connection.answer("204 No Content")
    }
    let client = try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1"))
    client.setLimit(bytesPerSecond: 400_000)
    // This machine, by an address that is not known for it.
    let url = try #require(URL(string: "http://0.0.0.0:\(server.port)/"))
    let sent = Mutex([0, 0])
    let least = Mutex<Int?>(nil)
    let start = ContinuousClock.now
    let put = { @Sendable (number: Int) async throws in
      _ = try await client.perform(
        Request(
          .put, url, body: .bytes([UInt8](repeating: UInt8(number), count: 300_000)),
          onProgress: { count in sent.withLock { $0[number] += Int(count) } }))
      let other = sent.withLock { $0[1 - number] }
      least.withLock { $0 = $0 ?? other }
    }
    async let first: Void = put(0)
    async let second: Void = put(1)
    _ = try await (first, second)
    #expect(start.duration(to: .now) > .seconds(1.2))
    #expect(least.withLock { $0 } ?? 0 > 150_000, "the other has had its turns")
    #expect(bodies.withLock { $0.map { Set($0) } }.sorted { $0.first ?? 0 < $1.first ?? 0 } == [[0], [1]])
    client.setLimit(bytesPerSecond: 1000)
    let own = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      _ = connection.read(200_000)
      connection.answer("204 No Content")
    }
    let response = try await client.perform(
      Request(
        .put, own.url(), body: .bytes([UInt8](repeating: 0, count: 200_000)),
        timeouts: Timeouts(total: .seconds(30))))
    #expect(response.status == 204)
  }
}
