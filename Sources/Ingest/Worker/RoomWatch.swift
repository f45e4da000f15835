import GPhoto

/// Notices frames that the camera did not announce, by the room on its cards: some Sony bodies stop announcing after a
/// handful of frames (gphoto2#613), and every driver drops an event now and then. A pure value.
struct RoomWatch {
  private var free: UInt64?
  private var wasAnnounced = false

  /// The room as it is now, as the state to compare with.
  mutating func note(_ storages: [CameraStorage]) {
    free = Self.total(storages)
    wasAnnounced = false
  }

  /// A frame was announced, which explains that there is less room at the next look.
  mutating func frameAnnounced() {
    wasAnnounced = true
  }

  /// Whether there is less room than at the last look and no frame was announced meanwhile. A frame that is announced
  /// hides one that is not, until the next quiet look: the count of frames is not exact enough for more.
  mutating func hasUnannouncedFrames(_ storages: [CameraStorage]) -> Bool {
    let before = free
    let wasExplained = wasAnnounced
    note(storages)
    guard let before, let free, !wasExplained else { return false }
    return free < before
  }

  private static func total(_ storages: [CameraStorage]) -> UInt64? {
    let free = storages.compactMap(\.free)
    guard !free.isEmpty else { return nil }
    return free.reduce(0) { $0.addingReportingOverflow($1).partialValue }
  }
}
