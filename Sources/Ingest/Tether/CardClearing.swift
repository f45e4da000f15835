import Foundation
import Glibc
import Journal
import Model
import SystemPackage

/// Deletes on one connection's cards what is delivered everywhere, or in its buffer what is safe, if that is asked for.
///
/// The journal says what may go, and everything is looked at again before the camera is asked: the spool's bytes are
/// hashed here, the card's object is compared by the worker. A kill at any point leaves a row that is looked at again.
final class CardClearing {
  private let journal: Journal
  private let camera: String
  private let pause: Duration
  /// Whether it is a buffer that frames go from as soon as they are safe, at once and one by one: when it is full the camera
  /// takes no more.
  let isOfBuffer: Bool
  private let emit: @Sendable (TetherEvent) -> Void
  /// The worker's numbers of what lies on the cards now.
  private var numbers: [SourceObject: UInt64] = [:]
  /// What may go, and is not looked at yet; then what is hashed and goes with the next batch; then what was asked for.
  private var candidates: [CardDeletion] = []
  private var batch: [CardDeletion] = []
  private var asked: [UInt64: CardDeletion] = [:]
  /// Not again on this connection.
  private var spared: Set<SourceObject> = []
  private var next = ContinuousClock.now
  private var hasComplained = false

  /// A batch is no larger, so that the camera is not kept from shooting for long.
  private static let largest = 50
  private var interval: Duration { isOfBuffer ? .milliseconds(500) : .seconds(2) }

  init(
    journal: Journal, camera: String, pause: Duration, isOfBuffer: Bool,
    emit: @escaping @Sendable (TetherEvent) -> Void
  ) {
    self.journal = journal
    self.camera = camera
    self.pause = pause
    self.isOfBuffer = isOfBuffer
    self.emit = emit
  }

  /// An object is on the card, under this number of the worker.
  func saw(_ object: SourceObject, id: UInt64) { numbers[object] = id }

  /// Does a little, whenever the camera is idle.
  /// - Returns: what to ask the worker for now.
  /// - Throws: `JournalError`.
  func step() async throws(JournalError) -> [WorkerCommand] {
    guard asked.isEmpty else { return [] }
    if let candidate = candidates.popLast() {
      // One at a time: hashing takes some milliseconds, and frames come first.
      if await Self.isWhole(candidate) {
        batch.append(candidate)
      } else {
        spared.insert(candidate.object)
        try await journal.record(
          candidate, source: camera, as: .kept, reason: "The spool does not have it any more.")
        emit(
          .warning(
            code: "not_deleted",
            message: "\(DisplayName.of(candidate.object.name)) stays on the card of \(camera): "
              + "the spool does not have its bytes any more."))
      }
      if !isOfBuffer, batch.count < Self.largest, !candidates.isEmpty { return [] }
    }
    guard !batch.isEmpty else {
      guard .now >= next else { return [] }
      next = .now + interval
      candidates = try await journal.deletable(from: camera, onceSafe: isOfBuffer).filter {
        numbers[$0.object] != nil && !spared.contains($0.object)
      }.reversed()
      return []
    }
    var commands: [WorkerCommand] = []
    for deletion in batch {
      guard let id = numbers[deletion.object] else { continue }
      // Written down first: after a kill in between an object that is gone is known to have gone through us.
      try await journal.record(deletion, source: camera, as: .asked)
      asked[id] = deletion
      commands.append(.erase(object: id, original: deletion.path.string, atOnce: isOfBuffer))
    }
    batch = []
    if !isOfBuffer { next = .now + pause }
    return commands
  }

  /// The worker has deleted an object.
  func erased(_ id: UInt64) async throws(JournalError) {
    guard let deletion = asked.removeValue(forKey: id) else { return }
    numbers[deletion.object] = nil
    try await journal.record(deletion, source: camera, as: .deleted)
    emit(
      .frameDeleted(camera: camera, name: DisplayName.of(deletion.object.name), sha256: deletion.hash))
  }

  /// The worker has left an object alone.
  func spared(_ id: UInt64, _ reason: SpareReason) async throws(JournalError) {
    guard let deletion = asked.removeValue(forKey: id) else { return }
    spared.insert(deletion.object)
    let name = DisplayName.of(deletion.object.name)
    switch reason {
    case .gone:
      try await journal.record(deletion, source: camera, as: .deleted, reason: "It was not there any more.")
    case .protected:
      try await journal.record(deletion, source: camera, as: .kept, reason: "It is protected.")
    case .changed:
      try await journal.record(
        deletion, source: camera, as: .kept, reason: "The card has something else under its name.")
      emit(
        .warning(
          code: "not_deleted",
          message: "\(name) stays on the card of \(camera): what has that name now is not what was taken."))
    case .readOnly, .refused:
      let why = reason == .readOnly ? "its card cannot be written" : "it refuses"
      try await journal.record(deletion, source: camera, as: .wanted, reason: why)
      guard !hasComplained else { return }
      hasComplained = true
      emit(
        .warning(
          code: "not_deleted",
          message: "\(camera) does not delete what is \(isOfBuffer ? "safe" : "delivered"): \(why). "
            + "It is tried again when the camera connects anew."))
    }
  }

  /// Whether the spool has all of it, with the bytes that were taken.
  private static func isWhole(_ deletion: CardDeletion) async -> Bool {
    do throws(JournalError) {
      return try await Journal.hashing(deletion.path).hash == deletion.hash
    } catch {
      // What cannot be read to its end is not there.
      return false
    }
  }
}
