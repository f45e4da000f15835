import Foundation
import Journal
import Model

/// One connected camera's clock: what is known of it, and what follows for its frames.
final class CameraClock {
  private let camera: String
  private let model: String
  private let care: CameraCare
  private let journal: Journal
  private let emit: @Sendable (TetherEvent) -> Void
  private var history: ClockHistory
  private var isAskedToSet = false
  private var isSaid = false

  /// A clock that is wrong by less is corrected without a word, in seconds.
  private static let noteworthy = 30

  /// Reads what the journal knows.
  /// - Throws: `JournalError`.
  init(
    camera: String, model: String, care: CameraCare, journal: Journal,
    emit: @escaping @Sendable (TetherEvent) -> Void
  ) async throws(JournalError) {
    self.camera = camera
    self.model = model
    self.care = care
    self.journal = journal
    self.emit = emit
    history = ClockHistory(try await journal.clockSpans(of: camera))
  }

  /// Takes a reading, and writes down what it says.
  /// - Returns: the zone that the camera's clock is to be set in, in seconds east of Greenwich, if it is to be set.
  /// - Throws: `JournalError`.
  func take(_ reading: ClockReading) async throws(JournalError) -> Int? {
    let time = Date(timeIntervalSince1970: Double(reading.at) / 1000)
    let zone = TimeZone.current.secondsFromGMT(for: time)
    let (span, isNew) = history.note(reading.offset(zone: zone), at: time)
    try await journal.record(span, of: camera)
    if isNew || !isSaid {
      isSaid = true
      emit(.cameraClock(camera: camera, offset: span.offset))
    }
    if isNew, abs(span.offset) >= Self.noteworthy, care.clock == .measured, !care.setsClock {
      emit(
        .warning(
          code: "clock_offset",
          message: "The clock of \(model) is \(ClockText.duration(span.offset)). "
            + "The album's times are corrected by that; --set-clock sets the camera's clock."))
    }
    guard care.setsClock, span.offset != 0, !isAskedToSet else { return nil }
    // Once for each connection: a camera that does not keep what it is told is not told again and again.
    isAskedToSet = true
    return zone
  }

  /// How far a time by `time(of:)` may be off, in seconds.
  static let accuracy: TimeInterval = 3

  /// When an object on a card was written, by this machine's clock; `nil` where nobody knows how the camera's goes.
  func time(of object: SourceObject) -> Date? {
    guard object.modified > 0, !object.isInCameraMemory,
      let offset = history.offset(shown: object.modified, now: Date())
    else { return nil }
    let wall = Date(timeIntervalSince1970: Double(object.modified - Int64(offset)))
    return wall - Double(TimeZone.current.secondsFromGMT(for: wall))
  }

  /// By which clock a frame's time was written; `nil` if it is to stay as it is.
  func captureClock(of object: SourceObject) -> CaptureClock? {
    switch care.clock {
    case .asWritten: return nil
    case .stated(let seconds): return CaptureClock(offset: seconds)
    case .measured:
      // What lies only in the camera's memory has the time at which it was announced.
      let isOnCard = object.modified > 0 && object.folder != "/"
      return CaptureClock(
        offset: isOnCard ? history.offset(shown: object.modified, now: Date()) : history.offset)
    }
  }
}
