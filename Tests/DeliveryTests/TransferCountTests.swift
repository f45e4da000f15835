import Foundation
import Testing

@testable import Delivery

@Suite("How many originals go at once")
struct TransferCountTests {
  /// Lets seconds go by on a link where `count` transfers move so many bytes a second.
  private func settle(
    _ transfers: inout TransferCount, seconds: Int = 25, _ goodput: (Int) -> Int64
  ) {
    for _ in 0..<seconds { transfers.second(bytes: goodput(transfers.count), isFull: true) }
  }

  @Test("Where each loses packets, as many go as are allowed")
  func lossy() {
    var transfers = TransferCount()
    settle(&transfers) { Int64($0) * 150_000 }
    #expect(transfers.count == TransferCount.range.upperBound)
  }

  @Test("Where two fill the link, two go")
  func filled() {
    var transfers = TransferCount()
    settle(&transfers) { _ in 250_000 }
    #expect(transfers.count == TransferCount.range.lowerBound)
  }

  @Test("Where eight fill it, eight go, and it stays so")
  func middle() {
    var transfers = TransferCount()
    settle(&transfers) { Int64(min($0, 8)) * 200_000 }
    #expect(transfers.count == 8)
    settle(&transfers, seconds: 10) { Int64(min($0, 8)) * 200_000 }
    #expect(transfers.count == 8)
  }

  @Test("A link that changes is found out again")
  func changed() {
    var transfers = TransferCount()
    settle(&transfers) { _ in 250_000 }
    settle(&transfers, seconds: 200) { Int64($0) * 150_000 }
    #expect(transfers.count >= 8)
  }

  @Test("Nothing is learnt while fewer go than may, and a fixed count stays")
  func unused() {
    var transfers = TransferCount()
    for _ in 0..<100 { transfers.second(bytes: 1, isFull: false) }
    #expect(transfers.count == TransferCount.start)
    var fixed = TransferCount(fixed: 1)
    settle(&fixed) { Int64($0) * 150_000 }
    #expect(fixed.count == 1)
  }
}
