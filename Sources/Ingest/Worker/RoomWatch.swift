import GPhoto

/// Notices frames that the camera did not announce, by the room on its cards: some Sony bodies stop announcing after a
/// handful of frames (gphoto2#613), and every driver drops an event now and then. A pure value.
struct RoomWatch {
  /// How much more room than its length a file may take: the largest clusters that cards are formatted with, for it
  /// and for a folder.
  static let slack: UInt64 = 256 << 10

  private var free: UInt64?
  private var announced: UInt64 = 0

  /// The room as it is now, as what to compare with.
  mutating func note(_ storages: [CameraStorage]) {
    free = Self.total(storages)
    announced = 0
  }

  /// A frame was announced, which explains that there is less room at the next look.
  mutating func frameAnnounced(bytes: UInt64) {
    announced = announced.addingReportingOverflow(bytes).partialValue
    announced = announced.addingReportingOverflow(Self.slack).partialValue
  }

  /// Whether more room has gone since the last look than the announced frames take.
  mutating func hasUnannouncedFrames(_ storages: [CameraStorage]) -> Bool {
    let before = free
    let explained = announced
    note(storages)
    guard let before, let free, free < before else { return false }
    return before - free > explained
  }

  private static func total(_ storages: [CameraStorage]) -> UInt64? {
    let free = storages.compactMap(\.free)
    guard !free.isEmpty else { return nil }
    return free.reduce(0) { $0.addingReportingOverflow($1).partialValue }
  }
}
