import AlbumServer
import Blocking
import Delivery
import Foundation
import Ingest
import Journal
import Model
import ServiceLifecycle
import SystemPackage

/// Looks after the disk while a run goes on: measures it, says when it gets tight, lets originals leave the spool by
/// policy, and wakes the deliveries into an album of this machine that waited for room.
struct RoomKeeper: Service {
  /// What the configuration says of the spool.
  struct Policy: Sendable {
    var keep = SpoolKeep.forever
    /// Bytes that new originals leave free; `nil` is the default.
    var reserve: Int64?

    /// - Throws: `Complaint` (78) for a value that is none.
    init(_ settings: Settings) throws(Complaint) {
      keep =
        try settings.value("spool.keep", option: nil, needed: SpoolKeep.needed, SpoolKeep.init) ?? .forever
      reserve = try settings.value(
        "spool.reserve", option: nil, needed: "a size is needed, such as 500MB or 2GB."
      ) { ByteCount.parse($0) }
    }
  }

  let room: SpoolRoom
  let keep: SpoolKeep
  let journal: Journal
  let report: LiveReport
  let deliverer: Deliverer

  private static let pause = Duration.seconds(1)
  /// How many originals leave at once; a transaction for each so many.
  private static let prunedAtOnce = 200

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var nextPrune = ContinuousClock.now
      var tightest: Int64?
      while !Task.isCancelled {
        if nextPrune <= .now {
          let isMore = await prune()
          nextPrune = isMore ? .now : .now + interval
        }
        if let sight = await measure() {
          await report.room(sight, isJournalWaiting: journal.isWaitingForRoom)
          tightest = await wake(sight.disk, tightest: tightest)
        }
        // Cut short at the end of the run, which the loop's condition sees.
        try? await Task.sleep(for: Self.pause)
      }
    }
    // The run ends: whatever waits for room ends with it, and is found as it is by the next one.
    journal.waitForRoomNoLonger()
  }

  /// How often the policy is looked at.
  private var interval: Duration {
    switch keep {
    case .forever: .seconds(86_400)
    case .delivered: .seconds(5)
    case .days: .seconds(600)
    case .room: .seconds(2)
    }
  }

  /// - Returns: whether there may be more to let go at once.
  private func prune() async -> Bool {
    guard keep != .forever else { return false }
    do {
      let left = try await journal.prune(keep, limit: Self.prunedAtOnce)
      await report.left(left)
      return left.count == Self.prunedAtOnce
    } catch {
      await report.cannotPrune(error)
      return false
    }
  }

  private func measure() async -> SpoolRoom.Sight? {
    let room = room
    do throws(JournalError) {
      return try await offload { () throws(JournalError) in try room.measure() }
    } catch {
      await report.cannotMeasure(error)
      return nil
    }
  }

  /// An album of this machine that had no room waits for half a minute by itself; as soon as there is more room than
  /// there was, it is tried at once.
  /// - Parameter tightest: the room when it was too little, or at the last look; `nil` before the first.
  /// - Returns: what to give the next time.
  private func wake(_ disk: DiskRoom, tightest: Int64?) async -> Int64 {
    guard await report.isAlbumFull else { return disk.free }
    // At the first look nobody knows how much there was: one try more does no harm.
    if let tightest, disk.free - tightest <= min(16 << 20, disk.total / 50) {
      return min(tightest, disk.free)
    }
    await deliverer.nudge()
    return disk.free
  }
}
