import Dispatch

/// Runs a call that blocks (a disk, a bus, USB) on a thread outside the cooperative pool, to its end: cancelling the task
/// does not cut it short.
/// - Throws: what the call throws.
public func offload<Value: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      continuation.resume(returning: Result { () throws(Failure) in try body() })
    }
  }
  return try result.get()
}
