import Foundation
import Journal
import Model
import Pictures
import SystemPackage

/// A file that a worker says it has brought into the spool.
struct FetchedFile: Hashable, Sendable {
  let path: String
  let bytes: Int64
  let hash: ContentHash
}

/// Makes one camera's fetched files safe: looks whether what the worker says of one can be, and records the frame.
struct FrameIntake {
  /// What became of a file.
  enum Outcome {
    case safe(SafeFrame)
    /// The worker says of it what cannot be.
    case nonsense
    /// The journal's disk is full; why, for a person.
    case noRoom(String)
  }

  let camera: String
  let surroundings: CameraLink.Surroundings

  /// Takes a file.
  /// - Parameters:
  ///   - wanted: what was asked for.
  ///   - mark: what is known of its marks.
  ///   - clock: the camera's.
  ///   - deletes: whether what is taken is to go from the camera, when it may.
  /// - Throws: `JournalError`.
  func take(
    _ file: FetchedFile, of wanted: FetchPlan.Wanted, mark: FrameMark, clock: CameraClock?, deletes: Bool
  ) async throws(JournalError) -> Outcome {
    let path = FilePath(file.path)
    guard path.isAbsolute, path.lexicallyNormalized() == path,
      path.starts(with: surroundings.journal.spool.root), file.bytes == wanted.object.bytes
    else { return .nonsense }
    let name = DisplayName.of(wanted.object.name)
    let named = MediaType.forFile(named: name)
    let original = Original(
      hash: file.hash, name: name, mediaType: named == MediaType.unknown ? wanted.mediaType ?? named : named,
      bytes: file.bytes, path: path, isInPlace: false)
    var mark = mark
    // Where everything goes, the rating is read with the other facts, when the renditions are made.
    if mark.rating == nil, surroundings.policy.frames != .all {
      mark.rating = await FileRating.read(path.string)
    }
    let safe = SafeOriginal(
      original: original, source: camera, object: wanted.object, announcedAt: wanted.seenAt,
      clock: clock?.captureClock(of: wanted.object),
      isToLeaveCard: deletes && !wanted.isInMemory && isOfSession(wanted, clock),
      mark: mark)
    do {
      let (frame, isNew) = try await surroundings.journal.recordSafe(
        safe, session: surroundings.session, albums: surroundings.albums, policy: surroundings.policy)
      return .safe(
        SafeFrame(
          id: frame.id, frame: frame.hash, capture: wanted.capture, camera: camera, name: name,
          bytes: file.bytes,
          sha256: file.hash, isNew: isNew, announcedAt: wanted.seenAt))
    } catch  where error.code == .full {
      // The file is of no use to anybody while the journal does not know it, unless it is the only copy: then the
      // next start adopts it.
      if !wanted.isInMemory { await surroundings.journal.spool.discard(path) }
      return .noRoom(error.message)
    }
  }

  /// Whether an object was certainly shot since the session began: announced as new; or missed, and newer by the
  /// camera's clock. A card with old frames may have been put in.
  private func isOfSession(_ wanted: FetchPlan.Wanted, _ clock: CameraClock?) -> Bool {
    guard wanted.isCatchUp else { return true }
    guard let time = clock?.time(of: wanted.object) else { return false }
    return time >= surroundings.session.startedAt - CameraClock.accuracy
  }
}
