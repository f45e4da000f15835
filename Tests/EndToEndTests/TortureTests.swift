import Foundation
import Testing

/// A simulated day: three cameras, a photographer who does not stop, and everything that goes wrong at an event.
///
/// A short one belongs to `make test`; `make torture FRAMES=10000 SEED=7` runs a long one. The seed repeats what is
/// done, and in which order; when, only as far as time can be repeated. `PIXCHEESE_TORTURE_KEEP=FOLDER` keeps what
/// the programs said and wrote.
@Suite("Torture")
struct TortureTests {
  private static let shortDay = 90

  private static func variable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  private static let frames = variable("PIXCHEESE_TORTURE_FRAMES").flatMap { Int($0) } ?? shortDay

  @Test(
    "At the end of the day every frame of every card is in the album once, byte for byte, in order of capture"
  )
  func day() async throws {
    let (seed, frames) = (
      Self.variable("PIXCHEESE_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999), Self.frames
    )
    print("torture: PIXCHEESE_SEED=\(seed) PIXCHEESE_TORTURE_FRAMES=\(frames)")
    let record = TortureRecord(
      keepingIn: Self.variable("PIXCHEESE_TORTURE_KEEP").map {
        URL(filePath: $0).appending(path: "seed-\(seed)")
      })
    func day(at home: Home, _ disk: SmallDisk?) async throws {
      try await Torture(seed: seed, frames: frames, home: home, disk: disk, record: record).run()
    }
    if await SmallDisk.isPossible() {
      try await SmallDisk.with(megabytes: 64 + frames / 6) { try await day(at: try Home(at: $0.folder), $0) }
    } else {
      print("torture: only root can mount a small disk: the disk does not fill")
      try await day(at: try Home(), nil)
    }
  }
}
