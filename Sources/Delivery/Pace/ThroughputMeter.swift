import Synchronization

/// Counts bytes that many transfers give to their sockets, and who waits for a destination that makes a file of its parts.
final class ThroughputMeter: Sendable {
  private let bytes = Atomic<Int64>(0)
  private let assemblies = Atomic(0)

  func add(_ count: Int64) {
    bytes.wrappingAdd(count, ordering: .relaxed)
  }

  /// What was counted since the last call.
  func take() -> Int64 {
    bytes.exchange(0, ordering: .relaxed)
  }

  /// Whether a destination is making a file: nothing goes there for it, and it may take minutes.
  var isAssembling: Bool { assemblies.load(ordering: .relaxed) > 0 }

  /// Waits for a destination that makes a file.
  func assembling<Value, Failure: Error>(
    _ body: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    assemblies.wrappingAdd(1, ordering: .relaxed)
    defer { assemblies.wrappingSubtract(1, ordering: .relaxed) }
    return try await body()
  }
}
