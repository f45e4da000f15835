import Synchronization

/// Tells everyone in this process who waits for work that the journal has some.
///
/// A tick carries nothing: whoever wakes reads the journal, so that a tick too many or two in one do no harm.
final class Changes: Sendable {
  private struct Subscribers {
    var next = 0
    var continuations: [Int: AsyncStream<Void>.Continuation] = [:]
  }

  private let subscribers = Mutex(Subscribers())

  /// A stream that ticks after every change; ticks not yet consumed are one.
  /// - Parameter ticksAtOnce: whether it ticks once before any change.
  func stream(ticksAtOnce: Bool) -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let key = subscribers.withLock { subscribers in
      subscribers.next += 1
      subscribers.continuations[subscribers.next] = continuation
      return subscribers.next
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.subscribers.withLock { $0.continuations.removeValue(forKey: key) }
    }
    if ticksAtOnce { continuation.yield() }
    return stream
  }

  func tick() {
    for continuation in subscribers.withLock({ Array($0.continuations.values) }) {
      continuation.yield()
    }
  }
}
