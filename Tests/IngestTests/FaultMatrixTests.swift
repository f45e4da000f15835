import CameraSimulator
import Foundation
import Journal
import Model
import SystemPackage
import Testing

@testable import Ingest

/// Every vendor's ways with every fault, over PTP/IP with real worker processes: each frame becomes safe, once, byte for
/// byte, and nothing else does.
@Suite(
  "Vendors and faults",
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct FaultMatrixTests {
  /// What goes wrong, as a camera's owner would say it.
  enum Trouble: String, CaseIterable, Sendable {
    case drop, dropInside, dropWhileShooting, stall, busy, slow, short, truncated, duplicateEvents,
      missingEvents
    case rollover, hostileNames, sameNameNewBytes, format, reinsertedCard, refusedConnections, noPartialReads,
      twoSlots
  }

  /// Three cases at once: the machine has few cores, and most of each case is waiting.
  private static let turns = Turns(3)

  private static let cases = Vendor.allCases.flatMap { vendor in
    Trouble.allCases.map { (vendor, $0) }
  }

  @Test("Each frame is safe once", arguments: cases)
  func each(vendor: Vendor, trouble: Trouble) async throws {
    await Self.turns.take()
    do {
      try await run(vendor, trouble)
    } catch {
      await Self.turns.giveBack()
      throw error
    }
    await Self.turns.giveBack()
  }

  private func run(_ vendor: Vendor, _ trouble: Trouble) async throws {
    var configuration = Tethering.configuration(
      vendor, bytes: trouble == .noPartialReads ? 1_500_000 : 300_000)
    configuration.offersPartialObject = trouble != .noPartialReads
    configuration.slots = trouble == .twoSlots ? 2 : 1
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      var expected: Set<String> = [try await run.camera.shoot().sha256]
      // The first frame's folder is announced with it; it is safe before the trouble begins.
      try await Self.untilSafe(expected, &events)
      try await Self.make(trouble, with: run.camera, &expected, &events)
      try await Self.untilSafe(expected, &events)
      run.camera.clearFaults()
      expected.insert(try await run.camera.shoot().sha256)
      try await Self.untilSafe(expected, &events)
    }
    #expect(try await run.journal.frameCounts().safe == run.camera.shots.count)
    let spool = FileManager.default.enumerator(atPath: run.journal.spool.root.string)?.allObjects ?? []
    #expect(!spool.contains { ($0 as? String)?.hasSuffix(".part") ?? true })
  }

  /// Waits until frames are safe, and checks each.
  private static func untilSafe(_ expected: Set<String>, _ events: inout EventReader) async throws {
    func safe() -> Set<String> {
      Set(events.seen.compactMap { if case .frameSafe(let frame) = $0 { frame.sha256.hex } else { nil } })
    }
    while !safe().isSuperset(of: expected) { _ = try await events.safe() }
    #expect(safe() == expected)
    let new = events.seen.count { if case .frameSafe(let frame) = $0 { frame.isNew } else { false } }
    #expect(new == expected.count)
  }

  private static func make(
    _ trouble: Trouble, with camera: SimulatedCamera, _ expected: inout Set<String>,
    _ events: inout EventReader
  ) async throws {
    func shoot(_ count: Int = 1) async throws {
      for _ in 0..<count { expected.insert(try await camera.shoot().sha256) }
    }
    switch trouble {
    case .drop:
      camera.inject(.drop)
      try await shoot(2)
    case .dropInside:
      camera.inject(.dropAfter(bytes: 120_000))
      try await shoot()
    case .dropWhileShooting:
      try await shoot(2)
      camera.inject(.drop)
      try await shoot(2)
    case .stall:
      camera.inject(.stall(seconds: 4))
      try await shoot(2)
    case .busy:
      camera.inject(.busy(operations: 6))
      try await shoot(2)
    case .slow:
      camera.inject(.slow(bytesPerSecond: 600_000))
      camera.inject(.latency(milliseconds: 15))
      try await shoot(2)
    case .short:
      camera.inject(.short(bytes: 1000, downloads: 2))
      try await shoot(2)
    case .truncated:
      camera.inject(.truncate(bytes: 1000))
      try await shoot(2)
    case .duplicateEvents:
      camera.inject(.duplicateEvents(6))
      try await shoot(4)
    case .missingEvents:
      camera.inject(.missingEvents(1))
      try await shoot()
    case .rollover:
      camera.inject(.rollover)
      try await shoot(3)
    case .hostileNames:
      for name in ["../../evil.JPG", "照片😀.JPG", "IMG\u{1b}[31m\n.JPG"] {
        camera.inject(.name(name))
        try await shoot()
      }
    case .sameNameNewBytes:
      camera.inject(.name("IMG_0001.JPG"))
      _ = try camera.delete("IMG_0001.JPG")
      // Nobody deletes and shoots anew within this time; sooner it is the same announcement again.
      try await Task.sleep(for: ObjectTable.repetition + .milliseconds(100))
      try await shoot()
    case .format:
      try await Task.sleep(for: ObjectTable.repetition + .milliseconds(100))
      try camera.format()
      try await shoot(2)
    case .reinsertedCard:
      camera.reinsertCards()
      try await shoot(2)
    case .refusedConnections:
      camera.inject(.refuse(connections: 2))
      camera.inject(.drop)
      try await shoot(2)
    case .noPartialReads, .twoSlots:
      try await shoot(2)
    }
  }
}

/// Lets so many in at a time.
actor Turns {
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) {
    free = count
  }

  func take() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func giveBack() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
