extension Task<Never, Never> {
  /// Waits.
  /// - Returns: whether the time has passed; otherwise the task was cancelled.
  static func pause(for duration: Duration) async -> Bool {
    do {
      try await sleep(for: duration)
      return true
    } catch {
      return false
    }
  }
}
