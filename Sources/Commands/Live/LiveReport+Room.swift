import Ingest
import Journal
import Model

extension LiveReport {
  /// How the disk is: said when it changes.
  /// - Parameter isJournalWaiting: whether not even the journal can be written.
  func room(_ sight: SpoolRoom.Sight, isJournalWaiting: Bool) async {
    let before = await scoreboard.snapshot.room
    await scoreboard.room(
      Scoreboard.Room(
        free: sight.disk.free, forOriginals: sight.forOriginals, level: sight.level,
        isJournalWaiting: isJournalWaiting))
    guard takesFrames, before?.level != sight.level else { return }
    switch sight.level {
    case .plenty where before?.level == SpoolRoom.Level.none || before?.level == .low:
      warn("room.back", "There is room on the disk again.")
    case .plenty: break
    case .low where before?.level == SpoolRoom.Level.none:
      warn(
        "room.back",
        "There is some room on the disk again: frames are taken (\(Text.bytes(sight.forOriginals)) are left for them)."
      )
    case .low:
      warn(
        "room.low",
        "The disk gets full: \(Text.bytes(sight.forOriginals)) are left for new frames. Make room; spool.keep can do "
          + "that (docs/configuration.md).")
    case .none:
      warn(
        "room.full",
        "The disk is full: no frame is taken any more, they wait on the card. What is safe goes on. "
          + "Make room, and it goes on by itself.")
    }
  }

  /// Originals left the spool by policy.
  func left(_ originals: [PrunedOriginal]) {
    for original in originals {
      console.detail("left       \(Text.harmless(original.name)) (\(Text.bytes(original.bytes))) the spool")
    }
  }

  func cannotPrune(_ error: JournalError) {
    warnOnce("spool.keep", "Delivered originals could not leave the spool: \(error.message)")
  }

  func cannotMeasure(_ error: JournalError) {
    warnOnce("room.unknown", "The room on the disk is not known: \(error.message)")
  }
}
