import NIOPosix

/// Threads for calls that block (files, fsync), so that the cooperative pool never waits for a disk.
enum BlockingThreads {
  // Eight: a slow fsync of one upload must not hold up the pictures that viewers are reading.
  private static let pool: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 8)
    pool.start()
    return pool
  }()

  /// Runs a blocking call to its end, even when the calling task is cancelled: half a durable step is none.
  static func run<Success: Sendable>(
    _ body: @escaping @Sendable () throws -> Success
  ) async throws -> Success {
    try await withCheckedThrowingContinuation { continuation in
      pool.submit { _ in continuation.resume(with: Result(catching: body)) }
    }
  }
}
