import Synchronization

/// Counts bytes that many transfers give to their sockets.
final class ThroughputMeter: Sendable {
  private let bytes = Atomic<Int64>(0)

  func add(_ count: Int64) {
    bytes.wrappingAdd(count, ordering: .relaxed)
  }

  /// What was counted since the last call.
  func take() -> Int64 {
    bytes.exchange(0, ordering: .relaxed)
  }
}
