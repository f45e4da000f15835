import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The downloads that are under way: so many and no more, so that what they hold in memory, and of open files, has a bound.
/// Whoever comes then waits for a place.
///
/// A guest that takes nothing gives its place to those that wait: otherwise a few phones that sleep, or one that means
/// harm, could keep all the others from their pictures.
final class Downloads: Sendable {
  private struct Place {
    let cutOff: @Sendable () -> Void
    /// Since when the connection has not taken the piece that is to go next; `nil` while it takes what there is.
    var stuckSince: ContinuousClock.Instant?
  }

  private struct Waiting {
    let number: Int
    let cutOff: @Sendable () -> Void
    /// Told whether there is a place.
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var lastNumber = 0
    var places: [Int: Place] = [:]
    /// In the order in which they came.
    var waiting: [Waiting] = []
  }

  private let most: Int
  private let patience: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - most: how many there are at once.
  ///   - patience: how long one may take nothing while others wait.
  init(most: Int, patience: Duration) {
    self.most = most
    self.patience = patience
  }

  /// How many are under way.
  var count: Int { state.withLock { $0.places.count } }

  /// How many wait for a place.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  /// Begins a download as soon as there is a place. It ends when nobody holds it any longer.
  /// - Parameter cutOff: closes the connection at once.
  /// - Throws: `CancellationError`.
  func begin(cutOff: @escaping @Sendable () -> Void) async throws -> Download {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let hasPlace = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          // Cancelled before it is in the line, where `leave` would find it.
          if Task.isCancelled { return false }
          guard state.places.count >= most else {
            state.places[number] = Place(cutOff: cutOff)
            return true
          }
          state.waiting.append(Waiting(number: number, cutOff: cutOff, continuation: continuation))
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      leave(number)
    }
    guard hasPlace else { throw CancellationError() }
    return Download(number: number, in: self)
  }

  /// Cuts off those that have taken nothing for longest, as many as others wait. Call it now and then.
  func makeRoom() {
    let stuck: [@Sendable () -> Void] = state.withLock { state in
      guard !state.waiting.isEmpty else { return [] }
      let limit = ContinuousClock.now - patience
      return state.places.values
        .compactMap { place in place.stuckSince.map { (since: $0, cutOff: place.cutOff) } }
        .filter { $0.since <= limit }.sorted { $0.since < $1.since }
        .prefix(state.waiting.count).map(\.cutOff)
    }
    for cutOff in stuck { cutOff() }
  }

  fileprivate func noteWriting(_ number: Int, since moment: ContinuousClock.Instant?) {
    state.withLock { $0.places[number]?.stuckSince = moment }
  }

  fileprivate func end(_ number: Int) {
    let next: CheckedContinuation<Bool, Never>? = state.withLock { state in
      state.places[number] = nil
      guard !state.waiting.isEmpty else { return nil }
      let first = state.waiting.removeFirst()
      state.places[first.number] = Place(cutOff: first.cutOff)
      return first.continuation
    }
    next?.resume(returning: true)
  }

  private func leave(_ number: Int) {
    let continuation: CheckedContinuation<Bool, Never>? = state.withLock { state in
      guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
      return state.waiting.remove(at: index).continuation
    }
    continuation?.resume(returning: false)
  }
}

/// One download, for as long as somebody holds it.
final class Download: Sendable {
  private let number: Int
  private let downloads: Downloads

  fileprivate init(number: Int, in downloads: Downloads) {
    self.number = number
    self.downloads = downloads
  }

  deinit {
    downloads.end(number)
  }

  /// The connection is given a piece; until `hasWritten` it has not taken it.
  func writes() {
    downloads.noteWriting(number, since: .now)
  }

  func hasWritten() {
    downloads.noteWriting(number, since: nil)
  }
}

/// Looks every now and then whether guests that take nothing keep others waiting.
struct DownloadKeeper: Service {
  let downloads: Downloads
  let interval: Duration

  func run() async {
    await cancelWhenGracefulShutdown {
      do {
        while true {
          try await Task.sleep(for: interval)
          downloads.makeRoom()
        }
      } catch {
        // A cancelled sleep is the end.
      }
    }
  }
}
