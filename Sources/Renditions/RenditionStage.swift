import Foundation
public import Journal
public import Logging
import Model
import Pictures
public import ServiceLifecycle
import SystemPackage

/// The step between the journal and the deliveries: makes the small renditions of every safe frame.
///
/// The journal says which frames lack them, so a stage that died is simply gone on with. A picture that cannot be
/// rendered is written down as such, and its original is delivered all the same.
public struct RenditionStage: Service {
  private let journal: Journal
  private let darkroom: Darkroom
  private let logger: Logger
  /// Frames in work at once.
  private let width: Int
  private let onFailure: @Sendable (Frame, String) async -> Void

  /// - Parameters:
  ///   - width: how many frames are rendered at once.
  ///   - onFailure: is told of each frame that cannot be rendered, and why, in words for a person.
  public init(
    journal: Journal, width: Int = 2, logger: Logger,
    onFailure: @escaping @Sendable (Frame, String) async -> Void = { _, _ in }
  ) {
    self.onFailure = onFailure
    self.journal = journal
    self.width = width
    self.logger = logger
    darkroom = Darkroom(threads: width)
  }

  /// Why the stage looks at the journal again.
  private enum Wake: Sendable {
    case tick
    case rendered(Int64)
  }

  /// Renders until graceful shutdown or cancellation: the newest frame first, since guests want now.
  ///
  /// What is in work is known to the loop alone: a frame leaves it only after its renditions are written down, so a
  /// reading of the journal from before that cannot start it again.
  /// - Throws: `JournalError` when the journal cannot be read or written; what is safe stays safe.
  public func run() async throws {
    let (wakes, waker) = AsyncStream<Wake>.makeStream()
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { [journal] in
        for await _ in journal.ticks().cancelOnGracefulShutdown() { waker.yield(.tick) }
        waker.finish()
      }
      var inWork: Set<Int64> = []
      for await wake in wakes {
        if case .rendered(let id) = wake { inWork.remove(id) }
        guard inWork.count < width else { continue }
        let waiting = try await journal.framesToRender(limit: width)
        for frame in waiting where inWork.count < width && inWork.insert(frame.id).inserted {
          group.addTask { [self] in
            try await render(frame)
            waker.yield(.rendered(frame.id))
          }
        }
      }
    }
  }

  private func render(_ frame: Frame) async throws {
    let started = ContinuousClock.now
    var renditions: [StoredRendition] = []
    var facts: PictureFacts?
    var failure: String?
    do {
      let rendered = try await darkroom.render(
        file: frame.lead.path.string, mark: journal.spool.attemptMark(of: frame.lead.hash).string)
      facts = rendered.facts
      for rendition in [rendered.thumbnail, rendered.preview] {
        renditions.append(
          try await journal.store(rendition.bytes, kind: rendition.kind, mediaType: rendition.mediaType))
      }
    } catch let error as PictureError {
      failure = error.description
      if error.code != .deadly { facts = await factsAlone(of: frame) }
    } catch let error as JournalError where error.code == .full {
      // Without room for renditions the original still goes; the album makes its own from it.
      failure = error.message
      renditions = []
    }
    if let failure {
      logger.notice("no renditions", metadata: ["frame": "\(frame.original.name)", "reason": "\(failure)"])
    }
    try await journal.recordRenditions(renditions, facts: facts, failure: failure, of: frame)
    if let failure { await onFailure(frame, failure) }
    logger.debug(
      "rendered", metadata: ["frame": "\(frame.original.name)", "took": "\(ContinuousClock.now - started)"])
  }

  /// What can be said of something that cannot be rendered, such as a clip; nothing is a fine answer.
  private func factsAlone(of frame: Frame) async -> PictureFacts? {
    do {
      return try await darkroom.facts(of: .file(frame.lead.path.string))
    } catch {
      return nil
    }
  }
}
