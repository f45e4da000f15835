import Foundation

/// What was done in a torture, what was survived, and what the programs said: printed at the end, and kept for whoever
/// has to find out why one failed.
final class TortureRecord {
  private let folder: URL?
  private let start = ContinuousClock.now
  private var survived: [String: Int] = [:]
  private var warnings: [String: Int] = [:]
  private var losses = 0
  private var diary: [String] = []
  private var runs: [Program] = []

  /// - Parameter folder: where what remains of the day is put; `nil` keeps nothing.
  init(keepingIn folder: URL?) {
    self.folder = folder
  }

  private var elapsed: Duration { .seconds((ContinuousClock.now - start) / .seconds(1)) }

  /// Something was done to them.
  func note(_ what: String, to whom: String = "") {
    survived[what, default: 0] += 1
    guard folder != nil else { return }
    diary.append("\(Date().formatted(.iso8601.time(includingFractionalSeconds: true))) \(what) \(whom)")
  }

  /// A run of the tool has ended, or is about to.
  func takeStock(of run: Program) {
    if !runs.contains(where: { $0 === run }) { runs.append(run) }
  }

  /// Tells how far it has come, and what memory the programs take and took at most.
  func say(_ what: String, workersOf cameras: [SimulatedCamera], and run: Program) throws {
    let workers = try cameras.flatMap { try $0.workers() }.compactMap { Self.memory(of: $0)?.now }
    let tool = Self.memory(of: run.identifier)
    print(
      "torture: \(what) after \(elapsed); memory: the tool \(tool?.now ?? 0) MB (at most \(tool?.most ?? 0)),",
      "its workers \(workers.map(String.init).joined(separator: ", ")) MB")
  }

  /// Resident memory in MB, now and at most; `nil` of a process that is gone.
  private static func memory(of process: pid_t) -> (now: Int, most: Int)? {
    guard let data = FileManager.default.contents(atPath: "/proc/\(process)/status") else { return nil }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    func megabytes(_ key: String) -> Int? {
      lines.first { $0.hasPrefix(key) }?.split(separator: " ").dropFirst().first
        .flatMap { Int($0) }.map { $0 / 1024 }
    }
    guard let now = megabytes("VmRSS:"), let most = megabytes("VmHWM:") else { return nil }
    return (now, most)
  }

  /// Prints what was survived.
  func report(_ count: Int) {
    for event in runs.flatMap(\.events) {
      if event.event == "warning", let code = event.code { warnings[code, default: 0] += 1 }
      if event.event == "camera.lost" { losses += 1 }
    }
    print("torture: survived, with \(count) frames in \(elapsed):")
    for (what, times) in survived.sorted(by: { $0.key < $1.key }) { print("  \(times) \(what)") }
    print("  \(losses) cameras said to be lost")
    for (code, times) in warnings.sorted(by: { $0.key < $1.key }) { print("  \(times) warnings \(code)") }
  }

  /// Puts what remains of the day where it can be examined.
  func keep(_ home: Home, _ cameras: [SimulatedCamera]) throws {
    guard let folder else { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ lines: [String], _ name: String) throws {
      try Data(lines.joined(separator: "\n").utf8).write(to: folder.appending(path: name))
    }
    try write(diary, "diary")
    for (index, camera) in cameras.enumerated() {
      try write(camera.program.lines.map(\.text), "camera-\(index)-\(camera.vendor)")
    }
    for (index, run) in runs.enumerated() {
      try write(run.lines.map(\.text) + [run.words], "run-\(index)")
    }
    try FileManager.default.copyItem(atPath: home.path, toPath: folder.appending(path: "home").path)
  }
}
