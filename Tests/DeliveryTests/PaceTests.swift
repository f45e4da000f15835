import Foundation
import Model
import Testing

@testable import Delivery

@Suite("The pace of deliveries")
struct PaceTests {
  @Test("Waits double up to the cap, with full jitter, and the same seed gives the same waits")
  func backoff() {
    let backoff = Backoff(base: .seconds(1), cap: .seconds(30))
    var generator = SplitMix(seed: 1)
    var again = SplitMix(seed: 1)
    var longest: [Int: Duration] = [:]
    for failures in [1, 2, 3, 4, 5, 6, 7, 100] {
      for _ in 0..<500 {
        let delay = backoff.delay(afterFailures: failures, using: &generator)
        #expect(delay == backoff.delay(afterFailures: failures, using: &again))
        #expect(delay >= .zero)
        longest[failures] = max(longest[failures] ?? .zero, delay)
      }
    }
    for (failures, ceiling) in [(1, 1.0), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (7, 30), (100, 30)] {
      let seen = (longest[failures] ?? .zero) / .seconds(1)
      #expect(seen <= ceiling && seen > ceiling * 0.9, "\(failures) failures: \(seen)")
    }
  }

  @Test("A rest is never shorter than what the destination asked for, and ends when something succeeds")
  func rest() {
    var rest = Rest(backoff: Backoff(base: .seconds(1), cap: .seconds(30)), seed: 7)
    let now = Date(timeIntervalSince1970: 1000)
    #expect(!rest.isResting(at: now))
    #expect(rest.failed(at: now, atLeast: .seconds(40)) >= .seconds(40))
    #expect(rest.isResting(at: now + 39))
    #expect(!rest.isResting(at: now + 42))
    #expect(!rest.isResting(at: now - 3600), "the clock was set back")
    #expect(rest.isProbing)
    rest.end()
    #expect(!rest.isResting(at: now))
    #expect(rest.isProbing)
    _ = rest.failed(at: now, atLeast: .seconds(40))
    rest.succeeded(at: now + 1)
    #expect(rest.isResting(at: now + 2), "what was under way already does not end it")
    rest.end()
    rest.succeeded(at: now)
    #expect(!rest.isProbing)
  }

  @Test("A chunk comes to what the link takes in five seconds, at most fourfold in a step, within its range")
  func chunks() {
    var chunks = ChunkSize(isLoopback: false)
    #expect(chunks.bytes == 4 << 20)
    chunks.acknowledged(4 << 20, in: .seconds(10))
    #expect(chunks.bytes == 2 << 20)
    chunks.acknowledged(2 << 20, in: .milliseconds(10))
    #expect(chunks.bytes == 8 << 20)
    for _ in 0..<5 { chunks.acknowledged(chunks.bytes, in: .milliseconds(10)) }
    #expect(chunks.bytes == 16 << 20)
    chunks.acknowledged(16 << 20, in: .seconds(50))
    #expect(chunks.bytes == (16 << 20) / 10)
    for _ in 0..<9 { chunks.broke() }
    #expect(chunks.bytes == 256 << 10)
    chunks.acknowledged(10, in: .seconds(1))
    #expect(chunks.bytes == 256 << 10, "a file's last bytes say little")
  }

  @Test("A refused request sets a limit that good times do not lift")
  func chunkLimit() {
    var chunks = ChunkSize(isLoopback: false)
    chunks.refused(1 << 20)
    #expect(chunks.bytes == 512 << 10)
    chunks.acknowledged(512 << 10, in: .milliseconds(1))
    #expect(chunks.bytes == 512 << 10)
    var whole = ChunkSize(isLoopback: true)
    #expect(whole.bytes == .max)
    whole.broke()
    whole.acknowledged(1 << 20, in: .seconds(60))
    #expect(whole.bytes == .max, "on loopback a file goes whole")
    whole.refused(8 << 20)
    #expect(whole.bytes == 4 << 20)
  }

  @Test("Every reason that needs a person holds up its own delivery only")
  func reasons() {
    for code in DeliveryReason.Code.allCases {
      let reason = DeliveryReason(code, "")
      #expect(!reason.needsPerson || reason.scope == .delivery)
    }
  }
}
