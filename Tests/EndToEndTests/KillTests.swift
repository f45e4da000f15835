import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  @Suite("Killed at any moment")
  struct KillTests {
    private static let kills = 30

    /// `PIXCHEESE_SEED` repeats a run's moments, as far as time can be repeated.
    private static let seed =
      ProcessInfo.processInfo.environment["PIXCHEESE_SEED"].flatMap { UInt64($0) }
      ?? UInt64.random(in: 0...999_999)

    @Test("Thirty kills while the camera shoots lose no frame and double none")
    func kills() async throws {
      var random = SplitMix(seed: Self.seed)
      let home = try Home()
      let camera = try await SimulatedCamera.start(
        "--megabytes", "0.3", "--scenes", "3", "--seed", "\(Self.seed)")
      var reached: [String: Int] = [:]
      // Only once connected is it known what was on the card before, which is not ours.
      let first = try home.tether(camera, album: "Party")
      try await first.first("camera.connected")
      let shutter = Task {
        while !Task.isCancelled {
          try await camera.shoot()
          try await Task.sleep(for: .milliseconds(350))
        }
      }
      defer { shutter.cancel() }
      for kill in 0..<Self.kills {
        let tether = kill == 0 ? first : try home.tether(camera, album: "Party")
        try await tether.reachMoment(&random)
        tether.signal(SIGKILL)
        #expect(try await tether.end() == .signal(SIGKILL), "\(tether.words.suffix(1000))")
        reached[tether.events.last?.event ?? "nothing", default: 0] += 1
        try await expectNoWorker(of: camera)
      }
      shutter.cancel()
      _ = await shutter.result
      let shots = camera.shots
      let last = try home.tether(camera, album: "Party")
      let album = try AlbumReader(page: try await last.first("album.ready").url, on: last)
      try await expectExactly(shots, in: album)
      try await expectCleanEnd(of: last)
      try await expectNothingLeft(in: home, frames: shots.count)
      try await expectNoWorker(of: camera)
      let moments = reached.sorted { $0.value > $1.value }.map { "\($0.value) after \($0.key)" }
      print("PIXCHEESE_SEED=\(Self.seed): \(shots.count) frames, kills: \(moments.joined(separator: ", "))")
    }

    /// A worker ends with its parent; the kernel needs a moment for it.
    private func expectNoWorker(of camera: SimulatedCamera) async throws {
      let end = ContinuousClock.now + .seconds(300)
      while try !camera.workers().isEmpty, ContinuousClock.now < end {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(try camera.workers() == [], "a worker outlives its parent")
    }
  }
}

extension Program {
  /// Waits for a random moment of this run: some time after its start, or just after one of its events.
  fileprivate func reachMoment(_ random: inout SplitMix) async throws {
    let longest = Duration.milliseconds(Int.random(in: 50...2500, using: &random))
    let events = Int.random(in: 1...24, using: &random)
    let rest = Duration.microseconds(Int.random(in: 0...30_000, using: &random))
    if Bool.random(using: &random) {
      try await Task.sleep(for: longest)
    } else {
      do {
        try await find("\(events) events", within: longest) { $0.count >= events ? true : nil }
        try await Task.sleep(for: rest)
      } catch is Failure {
        // It has not come so far in its time, which is a moment as good as another.
      }
    }
  }
}
