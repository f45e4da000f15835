import Foundation
import Glibc
import Model
import Testing

/// A simulated day: three cameras, a photographer who does not stop, and everything that goes wrong at an event.
///
/// `make torture FRAMES=10000 SEED=7` runs a long one; `make test` none. The seed repeats what is done, and in which
/// order; when, only as far as time can be repeated.
@Suite(
  "Torture",
  .enabled(
    if: ProcessInfo.processInfo.environment["PIXCHEESE_TORTURE_FRAMES"] != nil,
    "it runs by hand: make torture FRAMES=600 SEED=1"))
struct TortureTests {
  private static func variable(_ name: String) -> UInt64? {
    ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
  }

  @Test(
    "At the end of the day every frame of every card is in the album once, byte for byte, in order of capture",
    .timeLimit(.minutes(600)))
  func day() async throws {
    let seed = Self.variable("PIXCHEESE_SEED") ?? UInt64.random(in: 0...999_999)
    let count = Int(Self.variable("PIXCHEESE_TORTURE_FRAMES") ?? 150)
    print("torture: PIXCHEESE_SEED=\(seed) PIXCHEESE_TORTURE_FRAMES=\(count)")
    if await SmallDisk.isPossible() {
      try await SmallDisk.with(megabytes: 64 + count / 6) { disk in
        try await Torture(seed: seed, frames: count, home: try Home(at: disk.folder), disk: disk).run()
      }
    } else {
      print("torture: only root can mount a small disk: the disk does not fill")
      try await Torture(seed: seed, frames: count, home: try Home(), disk: nil).run()
    }
  }
}

/// One such day.
private final class Torture {
  private let home: Home
  private let disk: SmallDisk?
  private let frames: Int
  private let start = ContinuousClock.now
  private var random: SplitMix
  private var cameras: [SimulatedCamera] = []
  /// The ports of those that offer their frames from memory.
  private var memoryCameras: Set<UInt16> = []
  private var tether: Program?
  private var survived: [String: Int] = [:]
  private var warnings: [String: Int] = [:]
  private var losses = 0
  private var shot = 0

  init(seed: UInt64, frames: Int, home: Home, disk: SmallDisk?) {
    random = SplitMix(seed: seed)
    self.frames = frames
    self.home = home
    self.disk = disk
  }

  func run() async throws {
    for (index, vendor) in ["generic", "nikon", "canon", "sony", "fuji"].shuffled(using: &random).prefix(3)
      .enumerated()
    {
      let slots = index == 1 ? "2" : "1"
      cameras.append(
        try await SimulatedCamera.start(
          "--vendor", vendor, "--serial", "TORTURE\(index)", "--slots", slots, "--megabytes", "0.02",
          "--scenes", "5",
          "--seed", "\(random.next() % 1000)"))
      if vendor == "sony" { memoryCameras.insert(cameras[index].port) }
      note("\(vendor) camera\(slots == "2" ? " with two cards" : "")")
    }
    try startTether()
    for index in cameras.indices {
      try await current.first("camera.connected") { $0.camera == "TORTURE\(index)" }
    }
    var said = 0
    while shot < frames {
      try await shoot()
      try await mischief()
      if shot - said >= 1000 {
        said = shot
        print("torture: \(shot) of \(frames) frames shot after \(elapsed)")
      }
    }
    for camera in cameras { try await camera.tell("clear") }
    // Frames as small as these take no room that could be missed: a frame whose event was lost last would be found when a
    // quiet camera is listed, after minutes. A cable that is pulled once more has them listed now.
    for camera in cameras { try await camera.tell("fault drop") }
    try await check()
  }

  private var elapsed: Duration { .seconds((ContinuousClock.now - start) / .seconds(1)) }

  private var current: Program {
    get throws {
      guard let tether else { throw Program.Failure(description: "no tether is running") }
      return tether
    }
  }

  private func startTether() throws {
    try tether = home.start(
      ["tether", "--album", "Torture", "--listen", "127.0.0.1:0"]
        + cameras.flatMap { ["--camera", $0.address] })
  }

  private func note(_ what: String) { survived[what, default: 0] += 1 }

  private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private func pick() -> SimulatedCamera { cameras.randomElement(using: &random) ?? cameras[0] }

  private func pause(upTo milliseconds: Int) async throws {
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...milliseconds, using: &random)))
  }

  /// A burst of one camera, and a rest.
  private func shoot() async throws {
    let count = min(Int.random(in: 1...6, using: &random), frames - shot)
    try await pick().shoot(count)
    shot += count
    try await pause(upTo: 120)
  }

  private func mischief() async throws {
    guard chance(30) else { return }
    let camera = pick()
    switch Int.random(in: 0..<100, using: &random) {
    case ..<10: try await tell(camera, "fault drop", as: "cables pulled")
    case ..<18:
      try await tell(
        camera, "fault refuse \(Int.random(in: 1...4, using: &random))", as: "cameras that do not let us in")
      try await tell(camera, "fault drop", as: "cables pulled")
    case ..<26:
      try await tell(
        camera, "fault drop-after \(Int.random(in: 1...60_000, using: &random))",
        as: "cables pulled within a frame")
    case ..<31:
      try await tell(
        camera, "fault stall \(Double.random(in: 0.2...4, using: &random))", as: "cameras that fell silent")
    case ..<41:
      try await tell(camera, "fault busy \(Int.random(in: 1...8, using: &random))", as: "busy cameras")
    case ..<51: try await tell(camera, "fault duplicate-events 3", as: "runs of doubled events")
    case ..<61:
      try await tell(
        camera, "fault missing-events \(Int.random(in: 1...3, using: &random))", as: "runs of lost events")
    case ..<66: try await tell(camera, "fault rollover", as: "numbers rolled over")
    case ..<74:
      // Of a frame in the camera's memory libgphoto2 hands over as many bytes as were announced, whatever came.
      guard !memoryCameras.contains(camera.port) else { return }
      let bytes = Int.random(in: 1...5000, using: &random)
      if chance(50) {
        try await tell(camera, "fault short \(bytes) 2", as: "short downloads")
      } else {
        try await tell(camera, "fault truncate \(bytes)", as: "truncated downloads")
      }
    case ..<78: try await tell(camera, "reinsert", as: "cards taken out and put in")
    case ..<80: try await slow(camera)
    case ..<88: try killWorker(of: camera)
    case ..<90: try await hang(camera)
    case ..<96: try await killTether()
    case ..<98: try await stopTether()
    default: try await fillDisk()
    }
  }

  private func tell(_ camera: SimulatedCamera, _ command: String, as what: String) async throws {
    try await camera.tell(command)
    note(what)
  }

  private func slow(_ camera: SimulatedCamera) async throws {
    try await tell(camera, "fault latency 20", as: "slow cameras")
    try await pause(upTo: 1500)
    try await camera.tell("fault latency 0")
  }

  private func killWorker(of camera: SimulatedCamera) throws {
    for worker in try camera.workers() {
      kill(worker, SIGKILL)
      note("workers killed")
    }
  }

  /// A worker that stands still for a moment, and is either killed or goes on.
  private func hang(_ camera: SimulatedCamera) async throws {
    let workers = try camera.workers()
    for worker in workers { kill(worker, SIGSTOP) }
    try await pause(upTo: 1500)
    for worker in workers { kill(worker, SIGCONT) }
    note("workers that stood still")
  }

  private func killTether() async throws {
    let tether = try current
    tether.signal(SIGKILL)
    #expect(try await tether.end() == .signal(SIGKILL), "\(tether.words.suffix(2000))")
    takeStock(of: tether)
    note("kills of the whole tool")
    try await shootMeanwhile()
    try startTether()
    try await pause(upTo: 2500)
  }

  /// Somebody ends it while cameras are at work, and starts it again.
  private func stopTether() async throws {
    // Only a camera that is connected is left in order; one that is away keeps the session open.
    let tether = try current
    tether.signal(SIGTERM)
    #expect(try await tether.end(within: .seconds(10)) == .exit(0), "\(tether.words.suffix(2000))")
    takeStock(of: tether)
    note("stops of the whole tool")
    try startTether()
    for index in cameras.indices {
      try await current.first("camera.connected") { $0.camera == "TORTURE\(index)" }
    }
  }

  private func shootMeanwhile() async throws {
    guard chance(50), shot < frames else { return }
    try await pick().shoot()
    shot += 1
    note("frames shot while the tool was dead")
  }

  private func fillDisk() async throws {
    guard let disk else { return }
    try disk.fill()
    note("full disks")
    try await shoot()
    try await shoot()
    try await pause(upTo: 3000)
    try disk.empty()
    // A tool that could not go on says so and ends; a service manager starts it again.
    if let tether, let status = tether.status {
      note("ends of the tool on a full disk (\(status))")
      takeStock(of: tether)
      try startTether()
    }
  }

  private func takeStock(of tether: Program) {
    for event in tether.events {
      if event.event == "warning", let code = event.code { warnings[code, default: 0] += 1 }
      if event.event == "camera.lost" { losses += 1 }
    }
  }

  // MARK: The end of the day

  private func check() async throws {
    let tether = try current
    let shots = cameras.map(\.shots)
    let all = shots.flatMap { $0 }
    #expect(all.count == shot)
    let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
    let shooting = elapsed
    let found = try await settled(album, all.count)
    print("torture: \(found.count) frames in the album, \(elapsed - shooting) after the last was shot")
    #expect(found.count == all.count)
    let (there, wanted) = (Set(found.map(\.frame.hex)), Set(all.map(\.sha256)))
    let missing = shots.indices.flatMap { index in
      shots[index].filter { !there.contains($0.sha256) }.map { "camera \(index): \($0.name)" }
    }
    #expect(missing == [], "every frame is there")
    let others = found.filter { !wanted.contains($0.frame.hex) }.map(\.name)
    #expect(others == [], "and nothing else is")
    var wrong = 0
    for frame in found {
      if try await album.hash(of: frame.original) != frame.frame.hex { wrong += 1 }
    }
    #expect(wrong == 0, "originals that differ from the camera's")
    expectOrder(of: found, shots)
    takeStock(of: tether)
    report(all.count)
    try await expectCleanEnd(of: tether)
    try await expectNothingLeft(in: home, frames: all.count)
    for camera in cameras { #expect(try camera.workers() == [], "a worker outlives tether") }
  }

  /// The album's frames when all are there, or when nothing has come for two minutes.
  private func settled(_ album: AlbumReader, _ count: Int) async throws -> [AlbumFrame] {
    var best = -1
    var last = ContinuousClock.now
    while true {
      // A frame that changed between two pages is on both; the later one is true.
      let found = Array(
        Dictionary(try await album.frames().map { ($0.frame, $0) }, uniquingKeysWith: { $1 }).values)
      let whole = found.count { $0.original != nil }
      let assets = found.reduce(0) { count, frame in
        count + [frame.thumbnail, frame.preview, frame.original].count { $0 != nil }
      }
      if assets > best {
        best = assets
        last = .now
      }
      if whole >= count { return found }
      guard ContinuousClock.now - last < .seconds(120) else {
        let state: [String] = try cameras.map { "\(try $0.workers().count) workers at \($0.port)" }
        print("torture: \(whole) of \(count) are there, and no more come; \(state)")
        print(try current.lines.suffix(12).map(\.text).joined(separator: "\n"))
        print(try current.words.suffix(1500))
        return found
      }
      try await Task.sleep(for: .milliseconds(max(50, count / 2)))
    }
  }

  /// Sorted by when they were captured, each camera's frames come in the order in which it took them.
  private func expectOrder(of found: [AlbumFrame], _ shots: [[SimulatedCamera.Shot]]) {
    let sorted = found.sorted { ($0.facts.capturedAt ?? "") < ($1.facts.capturedAt ?? "") }
    let places = Dictionary(
      sorted.enumerated().map { ($1.frame.hex, $0) }, uniquingKeysWith: { first, _ in first })
    for (index, camera) in shots.enumerated() {
      let order = camera.compactMap { places[$0.sha256] }
      let times = Dictionary(
        found.map { ($0.frame.hex, $0.facts.capturedAt ?? "") }, uniquingKeysWith: { first, _ in first })
      let captured = camera.compactMap { times[$0.sha256] }
      #expect(captured == captured.sorted() && order.count == camera.count, "camera \(index) is out of order")
    }
  }

  private func report(_ count: Int) {
    print("torture: survived, with \(count) frames in \(elapsed):")
    for (what, times) in survived.sorted(by: { $0.key < $1.key }) { print("  \(times) \(what)") }
    print("  \(losses) cameras said to be lost")
    for (code, times) in warnings.sorted(by: { $0.key < $1.key }) { print("  \(times) warnings \(code)") }
  }
}
