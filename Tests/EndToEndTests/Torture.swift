import Foundation
import Glibc
import Model
import Testing

/// One day of everything going wrong, and what came of it.
final class Torture {
  let home: Home
  let record: TortureRecord
  private let disk: SmallDisk?
  private let frames: Int
  private var random: SplitMix
  private(set) var cameras: [SimulatedCamera] = []
  /// The ports of those that offer their frames from memory.
  private var memoryCameras: Set<UInt16> = []
  private var tether: Program?
  private(set) var shot = 0

  init(seed: UInt64, frames: Int, home: Home, disk: SmallDisk?, record: TortureRecord) {
    random = SplitMix(seed: seed)
    self.frames = frames
    self.home = home
    self.disk = disk
    self.record = record
  }

  func run() async throws {
    let end: Result<Void, any Error>
    do {
      end = .success(try await day())
    } catch {
      end = .failure(error)
    }
    if let tether { record.takeStock(of: tether) }
    try record.keep(home, cameras)
    try end.get()
  }

  private func day() async throws {
    for (index, vendor) in ["generic", "nikon", "canon", "sony", "fuji"].shuffled(using: &random).prefix(3)
      .enumerated()
    {
      let slots = index == 1 ? "2" : "1"
      // Whole kilobytes, in which cameras tell their room: it shows when a frame goes unannounced.
      cameras.append(
        try await SimulatedCamera.start(
          "--vendor", vendor, "--serial", "TORTURE\(index)", "--slots", slots, "--megabytes", "0.02048",
          "--scenes", "5",
          "--seed", "\(random.next() % 1000)"))
      if vendor == "sony" { memoryCameras.insert(cameras[index].port) }
      record.note("\(vendor) camera\(slots == "2" ? " with two cards" : "")")
    }
    try startTether()
    try await untilConnected()
    var said = 0
    while shot < frames {
      try await shoot()
      try await mischief()
      if shot - said >= 1000 {
        said = shot
        try record.say("\(shot) of \(frames) frames shot", workersOf: cameras, and: current)
      }
    }
    for camera in cameras { try await camera.tell("clear") }
    try await check()
  }

  var current: Program {
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

  private func untilConnected() async throws {
    for index in cameras.indices {
      // One that is busy or turns us away is tried again at longer and longer intervals.
      try await current.first("camera.connected", within: .seconds(300)) { $0.camera == "TORTURE\(index)" }
    }
  }

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
    record.note(what, to: "\(camera.serial): \(command)")
  }

  private func slow(_ camera: SimulatedCamera) async throws {
    try await tell(camera, "fault latency 20", as: "slow cameras")
    try await pause(upTo: 1500)
    try await camera.tell("fault latency 0")
  }

  private func killWorker(of camera: SimulatedCamera) throws {
    for worker in try camera.workers() {
      kill(worker, SIGKILL)
      record.note("workers killed", to: camera.serial)
    }
  }

  /// A worker that stands still for a moment, and is either killed or goes on.
  private func hang(_ camera: SimulatedCamera) async throws {
    let workers = try camera.workers()
    for worker in workers { kill(worker, SIGSTOP) }
    try await pause(upTo: 1500)
    for worker in workers { kill(worker, SIGCONT) }
    record.note("workers that stood still", to: camera.serial)
  }

  private func killTether() async throws {
    let tether = try current
    tether.signal(SIGKILL)
    #expect(try await tether.end() == .signal(SIGKILL), "\(tether.words.suffix(2000))")
    record.takeStock(of: tether)
    record.note("kills of the whole tool")
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
    record.takeStock(of: tether)
    record.note("stops of the whole tool")
    try startTether()
    try await untilConnected()
  }

  private func shootMeanwhile() async throws {
    guard chance(50), shot < frames else { return }
    try await pick().shoot()
    shot += 1
    record.note("frames shot while the tool was dead")
  }

  private func fillDisk() async throws {
    guard let disk else { return }
    try disk.fill()
    record.note("full disks")
    try await shoot()
    try await shoot()
    try await pause(upTo: 3000)
    try disk.empty()
    // A tool that could not go on says so and ends; a service manager starts it again.
    if let tether, let status = tether.status {
      record.note("ends of the tool on a full disk (\(status))")
      record.takeStock(of: tether)
      try startTether()
    }
  }
}
