import Foundation
import Ingest
import Journal
import Model
import ServiceLifecycle
import SystemPackage

/// Takes files up and stays until they are delivered, or nothing has moved for as long as patience lasts.
struct UploadSource: Service {
  struct Outcome: Sendable {
    var delivered = 0
    /// Of those: delivered before this run.
    var before = 0
    var open = 0
    var parked = 0
    var failed = 0
    /// Frames that are kept and not sent.
    var held = 0
    /// Files that are the second original of a photo.
    var pairs = 0
    var refusedToken = false
    /// Whether an album of this machine, or the journal, has no room at the end.
    var isDiskFull = false
    /// Whether every file was taken up before the run ended.
    var isFinished = false
  }

  let files: [FileScan.Found]
  let live: LiveRun
  let patience: Duration
  let done: @Sendable (Outcome) -> Void

  func run() async throws {
    let intake = Intake()
    await live.report.expect(files: files.count, bytes: files.reduce(0) { $0 + $1.bytes })
    do {
      try await cancelWhenGracefulShutdown {
        try await giveUpWithoutRoom { try await takeUp(into: intake) }
        await intake.finish()
        try await waitUntilDelivered(await intake.frames)
      }
    } catch is CancellationError {
      // Stopped by a signal: what is not delivered stays in the journal, and the summary says so.
    } catch let error as JournalError where error.code == .full {
      // For as long as patience lasts not even the journal could be written: what is in it was delivered meanwhile.
      await intake.findNoRoom()
    }
    let all = await intake.frames
    let undelivered = try await live.journal.undelivered(to: live.choice.albums).filter {
      all[$0.key] != nil
    }
    let keptBack = try await live.journal.keptBack(from: live.choice.albums)
    let held = all.filter { keptBack.contains($0.value) }
    let open = undelivered.count { $0.value }
    let (isAlbumFull, hasNoRoom) = (await live.report.isAlbumFull, await intake.hasNoRoom)
    done(
      Outcome(
        delivered: all.count - undelivered.count - held.count,
        before: await intake.before.count { held[$0] == nil }, open: open,
        parked: undelivered.count - open, failed: await intake.failed, held: held.count,
        pairs: await intake.pairs,
        refusedToken: await live.report.sawRefusedToken,
        isDiskFull: isAlbumFull || hasNoRoom, isFinished: await intake.isFinished))
  }

  /// What became of the files so far.
  private actor Intake {
    /// The frames that they are, by their rows' numbers.
    private(set) var frames: [Int64: ContentHash] = [:]
    /// Those of them of which nothing was open when they were taken up.
    private(set) var before: Set<Int64> = []
    private var originals: Set<ContentHash> = []
    private(set) var failed = 0
    /// Whether every file was taken up.
    private(set) var isFinished = false
    /// Whether they could not be, since the journal had no room.
    private(set) var hasNoRoom = false

    /// Different originals beyond the first one of each frame.
    var pairs: Int { max(0, originals.count - frames.count) }

    /// - Returns: whether this run has not met the original yet.
    func add(_ frame: Frame, original: ContentHash, isDelivered: Bool) -> Bool {
      if frames.updateValue(frame.hash, forKey: frame.id) == nil, isDelivered { before.insert(frame.id) }
      return originals.insert(original).inserted
    }
    func fail() { failed += 1 }
    func finish() { isFinished = true }
    func findNoRoom() { hasNoRoom = true }
  }

  private func takeUp(into intake: Intake) async throws {
    let (outcomes, outcome) = AsyncStream<FileSource.Outcome>.makeStream()
    async let telling: Void = tell(outcomes, into: intake)
    do {
      defer { outcome.finish() }
      try await FileSource(journal: live.journal, albums: live.choice.albums, policy: live.policy)
        .take(files) { outcome.yield($0) }
    }
    try await telling
  }

  private func tell(_ outcomes: AsyncStream<FileSource.Outcome>, into intake: Intake) async throws {
    for await outcome in outcomes {
      switch outcome {
      case .safe(let frame, let original, let isNew):
        let isDelivered =
          isNew ? false : try await live.journal.isDelivered(frame.hash, to: live.choice.albums)
        try await take([(frame, original)], into: intake) { _ in isDelivered }
      case .known(let originals):
        // One look for all of them: there may be ten thousand, and each was delivered long ago.
        let undelivered = try await live.journal.undelivered(to: live.choice.albums)
        try await take(originals, into: intake) { undelivered[$0.id] == nil }
      case .failed(let path, let reason):
        await intake.fail()
        await live.report.scoreboard.taken(files: 1, frames: await intake.frames.count, deliveredBytes: 0)
        live.context.console.complain("pixcheese: \(Text.harmless(path.string)): \(reason)")
      }
    }
  }

  private func take(
    _ originals: [(frame: Frame, original: Original)], into intake: Intake, isDelivered: (Frame) -> Bool
  ) async throws {
    var bytes: Int64 = 0
    for (frame, original) in originals {
      let isDelivered = isDelivered(frame)
      let isFirst = await intake.add(frame, original: original.hash, isDelivered: isDelivered)
      // Bytes that need not go: delivered before, the same as another file's, or kept back.
      if isDelivered || !isFirst || !goes(original, of: frame) { bytes += original.bytes }
      await live.report.safe(frame, original: original)
    }
    let scoreboard = live.report.scoreboard
    await scoreboard.taken(files: originals.count, frames: await intake.frames.count, deliveredBytes: bytes)
    await scoreboard.uploaded(await intake.before.count)
  }

  private func goes(_ original: Original, of frame: Frame) -> Bool {
    live.policy.frames.takes(frame.mark) && live.policy.originals.when != .later
      && live.policy.originals.takes(original.mediaType)
  }

  /// Ends taking files up when the journal has had no room for as long as patience lasts, and nothing else has moved
  /// either: deliveries go on meanwhile, and make room where originals may leave.
  private func giveUpWithoutRoom(_ work: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await work()
      }
      group.addTask {
        while true {
          try await Task.sleep(for: .milliseconds(250))
          let isStuck = ContinuousClock.now - (await live.report.lastProgress) > patience
          if isStuck, live.journal.isWaitingForRoom { return live.journal.waitForRoomNoLonger() }
        }
      }
      // The files are taken up, or cannot be: either ends the watch. The watch ends alone when it has let the writes fail.
      do {
        try await group.next()
        if !live.journal.waitsForRoom { try await group.next() }
      } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
    }
  }

  private func waitUntilDelivered(_ frames: [Int64: ContentHash]) async throws {
    let clock = ContinuousClock()
    while true {
      let began = clock.now
      let undelivered = try await live.journal.undelivered(to: live.choice.albums)
        .filter { frames[$0.key] != nil }
      await live.report.scoreboard.uploaded(frames.count - undelivered.count)
      if !undelivered.values.contains(true) { return }
      if clock.now - (await live.report.lastProgress) > patience { return }
      // Ten thousand frames take longer to look through than ten: most of the time is for sending them.
      try await Task.sleep(for: max(.milliseconds(100), (clock.now - began) * 10))
    }
  }
}
