import GPhoto
import Synchronization
import Testing

@testable import Ingest

@Suite("Watching plugs")
struct PlugWatchTests {
  private struct Broken: Error {}

  @Test("A watch that fails, or cannot be begun, is begun again, and said once; a stop ends it")
  func again() async {
    let begun = Mutex(0)
    let stopped = Mutex(0)
    let watch = PlugWatch(pauses: .milliseconds(1) ... .seconds(600)) {
      let number = begun.withLock { number in
        number += 1
        return number
      }
      guard number != 2 else { throw Broken() }
      let (changes, continuation) = AsyncThrowingStream<USBMonitor.Change, any Error>.makeStream()
      continuation.yield(.detached(bus: 1, device: number))
      if number < 4 { continuation.finish(throwing: Broken()) }
      return PlugWatch.Watch(changes: changes) {
        stopped.withLock { $0 += 1 }
        continuation.finish()
      }
    }
    var failures = 0
    var seen: [USBMonitor.Change] = []
    await watch.run(failed: { _ in failures += 1 }) { change in
      seen.append(change)
      if seen.count == 3 { watch.stop() }
    }
    #expect(seen == [1, 3, 4].map { .detached(bus: 1, device: $0) })
    #expect(failures == 1 && begun.withLock { $0 } == 4 && stopped.withLock { $0 } == 1)
  }

  @Test("A stop ends the pause too")
  func stopped() async {
    let watch = PlugWatch(pauses: .seconds(600) ... .seconds(600)) { throw Broken() }
    await watch.run(failed: { _ in watch.stop() }) { _ in }
  }
}
