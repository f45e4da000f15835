import TestServers

extension LoopbackPort {
  /// Waits until somebody listens at a port.
  static func wait(for port: UInt16, of program: Program, within limit: Duration = .seconds(20)) async throws
  {
    let end = ContinuousClock.now + limit
    while !isTaken(port) {
      guard program.status == nil, ContinuousClock.now < end else {
        throw program.failure("nobody listens at port \(port)")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
