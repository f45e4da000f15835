import Dispatch
import Foundation
public import Model
import Synchronization

/// Renders pictures on threads of its own, so that the cooperative pool never waits for a decoder.
///
/// Pictures are taken in the order of asking. The threads end when the darkroom goes.
public final class Darkroom: Sendable {
  private let queue = WorkQueue()

  /// - Parameter threads: pictures in work at once; each keeps up to two cores busy.
  public init(threads: Int = 2) {
    for _ in 1...max(1, threads) { queue.startThread() }
  }

  deinit {
    queue.close()
  }

  /// Renders a picture: see `Renderer.render`.
  ///
  /// Not cancellable: a picture takes less than a second, and one that waits behind others is soon reached.
  /// - Parameters:
  ///   - input: the original.
  ///   - thumbnailReady: called on a darkroom thread as soon as the thumbnail is there, some tens of milliseconds
  ///     before the preview. It must not block.
  public func render(
    _ input: PictureInput, thumbnailReady: @escaping @Sendable (Rendition, PictureFacts) -> Void = { _, _ in }
  ) async throws(PictureError) -> RenderedPicture {
    try await perform { () throws(PictureError) in
      try Renderer.render(input, thumbnailReady: thumbnailReady)
    }
  }

  /// Renders the picture in a file.
  /// - Parameters:
  ///   - finish: what is laid over the renditions and written into them.
  ///   - mark: a file that counts the attempts at this picture that the program did not outlive; after three of
  ///     them `PictureError` with `.deadly` is thrown. `nil` counts nothing.
  public func render(
    file path: String, finish: Finish = .none, mark: String? = nil
  ) async throws(PictureError) -> RenderedPicture {
    try await perform { () throws(PictureError) in
      let attempt = mark.map(AttemptMark.init)
      try attempt?.begin()
      defer { attempt?.end() }
      return try Renderer.render(.file(path), finish: finish)
    }
  }

  /// The facts of a picture or clip: see `Renderer.facts`.
  public func facts(of input: PictureInput) async throws(PictureError) -> PictureFacts {
    try await perform { () throws(PictureError) in try Renderer.facts(of: input) }
  }

  /// Work that reads or writes a picture's file, on a darkroom thread.
  public func work<Value: Sendable>(
    _ body: @escaping @Sendable () throws(PictureError) -> Value
  ) async throws(PictureError) -> Value {
    try await perform(body)
  }

  private func perform<Value: Sendable>(
    _ work: @escaping @Sendable () throws(PictureError) -> Value
  ) async throws(PictureError) -> Value {
    let result = await withCheckedContinuation { continuation in
      queue.add { continuation.resume(returning: Result(catching: work)) }
    }
    return try result.get()
  }
}

/// Work for a few threads, first in, first out.
private final class WorkQueue: Sendable {
  private let waiting = Mutex<[@Sendable () -> Void]>([])
  /// Counts what waits; one more for each thread when the queue closes.
  private let arrivals = DispatchSemaphore(value: 0)
  private let threads = Mutex(0)

  func add(_ work: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.append(work) }
    arrivals.signal()
  }

  /// Lets every thread end once nothing waits.
  func close() {
    for _ in 0..<threads.withLock({ $0 }) { arrivals.signal() }
  }

  func startThread() {
    threads.withLock { $0 += 1 }
    let thread = Thread { [self] in
      // Takes 50 ms, which the first frame should not wait for.
      Vips.prepare()
      while true {
        arrivals.wait()
        guard let work = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { break }
        work()
      }
      Vips.endThread()
    }
    // librsvg and LibRaw recurse more deeply than Foundation's default of half a megabyte allows.
    thread.stackSize = 8 << 20
    thread.start()
  }
}
