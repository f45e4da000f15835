import GPhoto

/// Notices frames that the camera did not announce, by the room on its cards: some Sony bodies stop announcing after a
/// handful of frames (gphoto2#613), and every driver drops an event now and then. A pure value.
struct RoomWatch {
  /// How much more room than its length a file may take: the largest clusters that cards are formatted with, for it
  /// and for a folder.
  static let slack: UInt64 = 256 << 10

  private var room: Room?
  private var announced: UInt64 = 0
  private var announcedFrames: UInt64 = 0

  /// What the cards have left: bytes, or frames as the camera guesses them where it does not say the bytes.
  private enum Room: Equatable {
    case bytes(UInt64)
    case frames(UInt64)
  }

  /// The room as it is now, as what to compare with.
  mutating func note(_ storages: [CameraStorage]) {
    room = Self.total(storages)
    announced = 0
    announcedFrames = 0
  }

  /// A frame was announced, which explains that there is less room at the next look.
  mutating func frameAnnounced(bytes: UInt64) {
    announced = announced.addingReportingOverflow(bytes).partialValue
    announced = announced.addingReportingOverflow(Self.slack).partialValue
    announcedFrames += 1
  }

  /// Whether more room has gone since the last look than the announced frames take.
  mutating func hasUnannouncedFrames(_ storages: [CameraStorage]) -> Bool {
    let before = room
    let (explained, explainedFrames) = (announced, announcedFrames)
    note(storages)
    switch (before, room) {
    case (.bytes(let before)?, .bytes(let now)?): return now < before && before - now > explained
    case (.frames(let before)?, .frames(let now)?): return now < before && before - now > explainedFrames
    default: return false
    }
  }

  /// Whether the room tells that nothing was shot and nothing deleted between two looks; a camera that does not say
  /// its room never tells.
  static func isUntouched(_ before: [CameraStorage], _ now: [CameraStorage]) -> Bool {
    guard case .bytes(let bytes)? = total(before) else { return false }
    return total(now) == .bytes(bytes)
  }

  private static func total(_ storages: [CameraStorage]) -> Room? {
    func sum(_ numbers: [UInt64]) -> UInt64? {
      numbers.isEmpty ? nil : numbers.reduce(0) { $0.addingReportingOverflow($1).partialValue }
    }
    return sum(storages.compactMap(\.free)).map(Room.bytes)
      ?? sum(storages.compactMap(\.freeFrames)).map(Room.frames)
  }
}
