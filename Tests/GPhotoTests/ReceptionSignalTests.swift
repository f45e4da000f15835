import Synchronization
import Testing

@testable import GPhoto

@Suite("A camera that is sending")
struct ReceptionSignalTests {
  @Test("Long pieces are told of, now and then; answers are not")
  func told() {
    let signal = ReceptionSignal()
    let told = Mutex(0)
    let start = ContinuousClock.now
    signal.noteReading(100_000, now: start)
    signal.listen { told.withLock { $0 += 1 } }
    signal.noteReading(100, now: start)
    #expect(told.withLock { $0 } == 0)
    for tenth in 0..<20 { signal.noteReading(2000, now: start + .milliseconds(100) * tenth) }
    #expect(told.withLock { $0 } == 4)
  }
}
