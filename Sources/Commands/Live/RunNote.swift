import Blocking
import Delivery
import Foundation
import Glibc
import Ingest
import Journal
import ServiceLifecycle
import SystemPackage

/// What a run at work tells `pixcheese status` and `pixcheese queue`: which cameras are connected, which albums it sends to
/// and how fast that goes.
///
/// A small file beside the journal, `running.json`, written anew when something changed. It is worth nothing once the
/// run is over: whoever reads it looks first whether the journal is held, and by whom.
struct RunNote: Codable, Hashable, Sendable {
  struct Camera: Codable, Hashable, Sendable {
    let camera: String
    let model: String
    let port: String
    let battery: String?
    /// Bytes free on its cards.
    let free: Int64?
    /// Frames that still fit, as the camera guesses.
    let framesLeft: Int?
    /// How many seconds its clock is ahead of this machine's.
    let clockOffset: Int?
    /// Why it is not connected; `nil` while it is.
    let lost: String?

    enum CodingKeys: String, CodingKey {
      case camera, model, port, battery, free, lost
      case framesLeft = "frames_left"
      case clockOffset = "clock_offset_seconds"
    }
  }

  struct Album: Codable, Hashable, Sendable {
    let album: String
    let url: String?
    let bytesPerSecond: Int64
    /// What holds its deliveries up.
    let standing: DestinationStanding

    enum CodingKeys: String, CodingKey {
      case album, url, standing
      case bytesPerSecond = "bytes_per_second"
    }
  }

  /// The room on the disk with the spool.
  struct Room: Codable, Hashable, Sendable {
    /// Bytes free, to the nearest megabyte.
    let free: Int64
    /// Bytes that new frames may still take, to the nearest megabyte.
    let forFrames: Int64
    /// `plenty`, `low`, or `none`: new frames wait on the card.
    let level: SpoolRoom.Level
    /// Whether not even the journal can be written.
    let journalWaits: Bool

    enum CodingKeys: String, CodingKey {
      case free, level
      case forFrames = "for_frames"
      case journalWaits = "journal_waits"
    }
  }

  struct Warning: Codable, Hashable, Sendable {
    let code: String
    let message: String
    /// RFC 3339.
    let time: String
  }

  /// The run's process number.
  let process: Int32
  let cameras: [Camera]
  /// Those that it sends to, and no others.
  let albums: [Album]
  /// `nil` until it was measured.
  let room: Room?
  /// Frames that cameras announced and that are not safe yet.
  let toFetch: Int
  /// The last warnings, the newest last.
  let warnings: [Warning]

  enum CodingKeys: String, CodingKey {
    case process, cameras, albums, room, warnings
    case toFetch = "to_fetch"
  }

  init(_ snapshot: Scoreboard.Snapshot, warnings: [Warning] = [], process: Int32 = getpid()) {
    self.process = process
    self.warnings = warnings
    toFetch = max(0, snapshot.captured - snapshot.safe)
    let megabyte: Int64 = 1_000_000
    room = snapshot.room.map { room in
      Room(
        free: room.free / megabyte * megabyte, forFrames: room.forOriginals / megabyte * megabyte,
        level: room.level, journalWaits: room.isJournalWaiting)
    }
    cameras = snapshot.cameras.map { id, camera in
      Camera(
        camera: id, model: camera.model, port: camera.port, battery: camera.battery, free: camera.free,
        framesLeft: camera.framesLeft, clockOffset: camera.clockOffset, lost: camera.lost)
    }
    albums = snapshot.albums.map { album, state in
      Album(
        album: album, url: state.page?.absoluteString, bytesPerSecond: state.bytesPerSecond,
        standing: state.standing)
    }
  }

  /// Where the note of the run that works with a journal lies.
  static func path(beside journal: FilePath) -> FilePath {
    journal.removingLastComponent().appending("running.json")
  }

  /// The note of the run that is at work; `nil` where there is none, none that can be read, or only that of a run which
  /// was killed before.
  static func read(beside journal: FilePath) -> RunNote? {
    guard let bytes = FileManager.default.contents(atPath: path(beside: journal).string),
      let note = try? JSONDecoder().decode(RunNote.self, from: bytes),
      note.process == JournalLock.holder(beside: journal)
    else { return nil }
    return note
  }
}

/// Keeps a run's note true, once a second.
struct RunNoteKeeper: Service {
  let path: FilePath
  /// What there is to tell now.
  let note: @Sendable () async -> RunNote

  func run() async throws {
    let path = path
    await cancelWhenGracefulShutdown {
      var written: RunNote?
      while !Task.isCancelled {
        let note = await self.note()
        if note != written {
          written = note
          await offload { Self.write(note, to: path) }
        }
        // Cut short at the end of the run, which the loop's condition sees.
        try? await Task.sleep(for: .seconds(1))
      }
    }
    await offload { _ = unlink(path.string) }
  }

  /// A note that cannot be written (a full disk) is left out: `status` then says less, and nothing else needs it.
  private static func write(_ note: RunNote, to path: FilePath) {
    guard let bytes = try? JSONEncoder().encode(note) else { return }
    try? bytes.write(to: URL(fileURLWithPath: path.string), options: .atomic)
  }
}
