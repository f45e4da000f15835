import GPhoto

/// Watches plugs on USB for as long as it is wanted: a watch that failed is begun again after a pause.
///
/// Each watch begins with what is there (`USBMonitor.Change.present`), so that nothing that was plugged in between is
/// missed.
final class PlugWatch: Sendable {
  /// A watch that was begun: what it tells, and how it is ended.
  struct Watch: Sendable {
    let changes: AsyncThrowingStream<USBMonitor.Change, any Error>
    let stop: @Sendable () -> Void
  }

  private let pauses: ClosedRange<Duration>
  private let begin: @Sendable () throws -> Watch
  private let end = StopSignal()

  /// - Parameters:
  ///   - pauses: how long after a failure it is begun again: the shortest at first, doubled each time until one lasts
  ///     for longer than the longest.
  ///   - begin: begins a watch.
  init(
    pauses: ClosedRange<Duration> = .seconds(1) ... .seconds(60),
    begin: @escaping @Sendable () throws -> Watch = {
      let monitor = try USBMonitor()
      return Watch(changes: monitor.changes(), stop: { monitor.stop() })
    }
  ) {
    self.pauses = pauses
    self.begin = begin
  }

  /// Lets `run` end.
  func stop() { end.request() }

  /// Watches until `stop`, or until the task is cancelled.
  /// - Parameters:
  ///   - failed: told of a failure; not again until a watch has lasted.
  ///   - take: told of each change.
  func run(failed: (any Error) -> Void, _ take: (USBMonitor.Change) -> Void) async {
    var pause = pauses.lowerBound
    var hasFailed = false
    while !end.isRequested, !Task.isCancelled {
      let start = ContinuousClock.now
      do {
        let watch = try begin()
        let listener = end.listen(watch.stop)
        defer { end.forget(listener) }
        for try await change in watch.changes { take(change) }
        return
      } catch {
        if .now - start > pauses.upperBound {
          pause = pauses.lowerBound
          hasFailed = false
        }
        if !hasFailed { failed(error) }
        hasFailed = true
      }
      await end.rest(pause)
      pause = min(pause * 2, pauses.upperBound)
    }
  }
}
