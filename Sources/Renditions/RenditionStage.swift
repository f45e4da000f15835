import Foundation
public import Journal
public import Logging
import Model
import Pictures
public import ServiceLifecycle
import SystemPackage

/// The step between the journal and the deliveries: what has to be made of a safe frame before it can go.
///
/// That is its renditions always, and a retouched picture, or a copy of the original for the albums, if they are
/// asked for. The journal says which frames lack something, so a stage that died is simply gone on with. A picture
/// that cannot be rendered is written down as such, and its original is delivered all the same.
public struct RenditionStage: Service {
  let journal: Journal
  let darkroom: Darkroom
  let publishing: Publishing
  let logger: Logger
  /// Frames in work at once.
  private let width: Int
  private let onNotice: @Sendable (Frame, PublishingNotice) async -> Void
  private let onWork: @Sendable (Int) async -> Void

  /// - Parameters:
  ///   - publishing: what is done to frames besides.
  ///   - width: how many frames are in work at once.
  ///   - onNotice: is told of each frame that does not go as it should, in words for a person.
  ///   - onWork: is told how many frames are in work, whenever that changes; one that is no longer has been written down.
  public init(
    journal: Journal, publishing: Publishing = Publishing(), width: Int = 2, logger: Logger,
    onNotice: @escaping @Sendable (Frame, PublishingNotice) async -> Void = { _, _ in },
    onWork: @escaping @Sendable (Int) async -> Void = { _ in }
  ) {
    self.journal = journal
    self.publishing = publishing
    self.width = width
    self.logger = logger
    self.onNotice = onNotice
    self.onWork = onWork
    darkroom = Darkroom(threads: width)
  }

  /// Tells the journal what is asked of originals in this run. Call it before anything is fed into the journal.
  /// - Throws: `JournalError`.
  public func prepare() async throws(JournalError) {
    try await journal.beginPublishing(
      OriginalWishes(
        arePrepared: publishing.preparesOriginals, areWithoutLocation: publishing.stripsLocation))
  }

  /// Why the stage looks at the journal again.
  private enum Wake: Sendable {
    case tick
    case prepared(Int64)
  }

  /// Prepares frames until graceful shutdown or cancellation: each source in turn, and of each the newest frame first,
  /// since guests want now.
  ///
  /// What is in work is known to the loop alone: a frame leaves it only after what was made is written down, so a
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
      var turns = Turns()
      for await wake in wakes {
        let before = inWork
        if case .prepared(let id) = wake { inWork.remove(id) }
        for next in try await preparations(besides: inWork, in: turns)
        where inWork.count < width && inWork.insert(next.frame.id).inserted {
          if !next.frame.isPushed { turns.took(next.frame.source) }
          group.addTask { [self] in
            do {
              try await cancelWhenGracefulShutdown { try await prepare(next) }
            } catch is CancellationError {
              // The run is over: what was not made is made by the next.
            } catch let error as JournalError where error.isCancellation {
              // So it is if the journal was to be asked at that moment.
            }
            waker.yield(.prepared(next.frame.id))
          }
        }
        if inWork != before { await onWork(inWork.count) }
      }
    }
  }

  /// What is to be prepared next, in order; nothing while there is no room for more in work.
  private func preparations(
    besides inWork: Set<Int64>, in turns: Turns
  ) async throws(JournalError) -> [Preparation] {
    guard inWork.count < width else { return [] }
    let waiting = try await journal.preparations(limit: width - inWork.count, besides: inWork)
    let renditions = waiting.filter { $0.part == .renditions }
    let originals = waiting.filter { $0.part != .renditions }
    return turns.order(renditions) { $0.frame.isPushed ? nil : $0.frame.source } + originals
  }

  private func prepare(_ preparation: Preparation) async throws {
    let frame = preparation.frame
    let started = ContinuousClock.now
    let (picture, rendered) = try await retouched(frame)
    if case .held(let reason)? = picture {
      // An original that came after its frame was held: it stays with it.
      if case .original(let original, _) = preparation.part {
        try await journal.record(.held(reason: reason), of: original)
      }
      await onNotice(frame, .held(reason: reason))
      return
    }
    var file: DerivedFile?
    if case .done(let made)? = picture { file = made }
    switch preparation.part {
    case .renditions:
      try await render(frame, from: file?.path ?? frame.lead.path, isRetouched: file != nil, made: rendered)
    case .original(let original, let wishes):
      // Only the picture that was retouched has a retouched one to go in its place: a RAW beside it stays itself.
      try await publish(original, of: frame, retouched: original.hash == frame.lead.hash ? file : nil, wishes)
    }
    logger.debug(
      "prepared", metadata: ["frame": "\(frame.lead.name)", "took": "\(ContinuousClock.now - started)"])
  }

  /// The frame's retouched picture: from the journal if the program has run, else by running it now.
  ///
  /// It is written down before anything is made of it, so that it is run no second time; what a program that was not
  /// written down made is nobody's, and nothing of it was published.
  private func retouched(_ frame: Frame) async throws -> (Retouching?, RenderedPicture?) {
    if let known = try await journal.retouching(of: frame) { return (known, nil) }
    guard let retouch = publishing.retouch, frame.lead.mediaType.hasPrefix("image/") else {
      return (nil, nil)
    }
    let step = RetouchStep(journal: journal, darkroom: darkroom, retouch: retouch)
    let retouching: Retouching
    var rendered: RenderedPicture?
    do {
      let made = try await step.run(frame, finish: await finish(of: frame))
      (retouching, rendered) = (.done(made.file), made.rendered)
    } catch let failure as RetouchStep.Failure {
      retouching = retouch.isRequired ? .held(reason: failure.reason) : .failed(reason: failure.reason)
      if !retouch.isRequired { await onNotice(frame, .notRetouched(reason: failure.reason)) }
    } catch let error as JournalError where error.code == .full {
      retouching = retouch.isRequired ? .held(reason: error.message) : .failed(reason: error.message)
      if !retouch.isRequired { await onNotice(frame, .notRetouched(reason: error.message)) }
    }
    try await journal.record(retouching, of: frame)
    return (retouching, rendered)
  }

  /// What is laid over this frame's renditions and written into them.
  private func finish(of frame: Frame) async -> Finish {
    guard !publishing.words.isEmpty else { return Finish(watermark: publishing.watermark) }
    return Finish(
      watermark: publishing.watermark, words: publishing.words(for: frame, await factsAlone(of: frame)))
  }

  /// - Parameters:
  ///   - path: the picture that they are made of.
  ///   - made: they were made already.
  private func render(
    _ frame: Frame, from path: FilePath, isRetouched: Bool = false, made: RenderedPicture? = nil
  ) async throws {
    let started = ContinuousClock.now
    var renditions: [StoredRendition] = []
    var facts: PictureFacts?
    var failure: String?
    do {
      let rendered: RenderedPicture
      if let made {
        rendered = made
      } else {
        rendered = try await darkroom.render(
          file: path.string, finish: await finish(of: frame),
          mark: journal.spool.attemptMark(of: frame.lead.hash).string)
      }
      facts = rendered.facts
      if isRetouched {
        // What the camera said stays true; only the size is the new picture's.
        var own = await factsAlone(of: frame) ?? rendered.facts
        (own.width, own.height) = (rendered.facts.width, rendered.facts.height)
        facts = own
      }
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
      logger.notice("no renditions", metadata: ["frame": "\(frame.lead.name)", "reason": "\(failure)"])
    }
    try await journal.recordRenditions(renditions, facts: facts, failure: failure, of: frame)
    if let failure { await onNotice(frame, .notRendered(reason: failure)) }
    logger.debug(
      "rendered", metadata: ["frame": "\(frame.lead.name)", "took": "\(ContinuousClock.now - started)"])
  }

  /// Makes what goes to albums for an original, and writes it down.
  private func publish(
    _ original: Original, of frame: Frame, retouched: DerivedFile?, _ wishes: OriginalWishes
  ) async throws {
    let words =
      publishing.words.areForOriginals && !publishing.words.isEmpty
      ? publishing.words(for: frame, await factsAlone(of: frame)) : PictureWords()
    let source = publishing.retouch?.replacesOriginal == true ? retouched : nil
    let copy = OriginalCopy(
      journal: journal, darkroom: darkroom, words: words, stripsLocation: wishes.areWithoutLocation,
      sendsUnstrippable: publishing.sendsUnstrippable)
    let (published, note) = try await copy.make(of: original, from: source)
    try await journal.record(published, of: original)
    if case .held(let reason) = published { await onNotice(frame, .held(reason: reason)) }
    if let note { await onNotice(frame, .originalUnchanged(reason: note)) }
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

extension Publishing {
  /// The words for one frame.
  func words(for frame: Frame, _ facts: PictureFacts?) -> PictureWords {
    func text(_ template: TextTemplate?) -> String? {
      template?.text(
        name: frame.original.name, facts: facts, album: album, fallback: frame.announcedAt ?? frame.safeAt)
    }
    return PictureWords(
      creator: text(words.creator), copyright: text(words.copyright), caption: text(words.caption),
      keywords: words.keywords.compactMap(text))
  }
}
