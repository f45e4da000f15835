import CameraSimulator
import Foundation
import Journal
import Model
import Testing

@testable import Ingest

@Suite("What is known of a camera's clock")
struct ClockRuleTests {
  private let gmt = TimeZone(secondsFromGMT: 0) ?? .current
  private func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_000_000 + seconds) }

  @Test("A reading that differs by a second is the same clock; a small offset is none")
  func tolerance() {
    var clocks = ClockHistory()
    #expect(clocks.note(1, at: time(0)).span.offset == 0)
    #expect(!clocks.note(0, at: time(60)).isNew)
    #expect(clocks.note(3600, at: time(120)).isNew)
    #expect(!clocks.note(3601, at: time(180)).isNew)
    #expect(clocks.offset == 3600)
    #expect(clocks.spans.count == 2)
  }

  @Test("A frame gets the offset that its time can have been written under")
  func frames() {
    var clocks = ClockHistory()
    // An hour ahead from 0 to 600; set right somewhere until 900.
    _ = clocks.note(3600, at: time(0))
    _ = clocks.note(3600, at: time(600))
    _ = clocks.note(0, at: time(900))
    _ = clocks.note(0, at: time(1000))
    func offset(shown: Double) -> Int? {
      clocks.offset(shown: Int64(1_000_000 + shown), now: time(1100), zone: gmt)
    }
    #expect(offset(shown: 300 + 3600) == 3600)
    #expect(offset(shown: 700 + 3600) == 3600)
    #expect(offset(shown: 850) == 0)
    #expect(offset(shown: 1050) == 0)
    // Shot two hours before anybody looked at the clock.
    #expect(offset(shown: -7200 + 3600) == 3600)
  }

  @Test("A clock that stands, or an answer that took long, says nothing")
  func readings() {
    var watch = ClockWatch()
    #expect(watch.isDue(now: time(0)))
    #expect(watch.take(1_000_000, before: time(0), after: time(0.1)) != nil)
    #expect(!watch.isDue(now: time(30)))
    #expect(watch.isDue(now: time(61)))
    #expect(watch.take(1_000_000, before: time(61), after: time(61.1)) == nil)
    #expect(watch.take(1_000_130, before: time(130), after: time(132)) == nil)
    #expect(watch.take(1_000_190, before: time(190), after: time(190.1)) != nil)
    #expect(!watch.isDoubtful(modified: 1_000_198, now: time(200)))
    #expect(watch.isDoubtful(modified: 1_003_800, now: time(200)))
    #expect(watch.take(nil, before: time(300), after: time(300)) == nil)
    #expect(!watch.isDue(now: time(1000)))
  }

  @Test(
    "An offset is given as auto, none, a time or seconds",
    arguments: [
      ("auto", .measured), ("none", .asWritten), ("+01:00:03", .stated(3603)), ("-00:05", .stated(-300)),
      ("90", .stated(90)), ("-90", .stated(-90)), ("7:30:00", .stated(27000)), ("", nil), ("1:60", nil),
      ("+-3", nil), ("1:2:3:4", nil), ("later", nil), ("--3", nil), ("3:", nil),
    ] as [(String, CameraCare.ClockCorrection?)])
  func option(text: String, correction: CameraCare.ClockCorrection?) {
    #expect(CameraCare.ClockCorrection(text) == correction)
  }
}

@Suite(
  "A simulated camera's clock", .serialized,
  .enabled(if: Tethering.executable != nil, "pixcheese is not built"))
struct CameraClockTests {
  private func facts(_ run: Tethering, _ safe: SafeFrame, written: String) async throws -> String? {
    let frame = try #require(try await run.journal.frame(withOriginal: safe.sha256))
    try await run.journal.recordRenditions(
      [], facts: PictureFacts(capturedAt: written), failure: "a test", of: frame)
    return try await run.journal.dueDeliveries(to: "test", limit: 10).first { $0.frame == safe.frame }?.facts?
      .capturedAt
  }

  @Test(
    "Its offset is measured and corrects the frames' times",
    arguments: [Vendor.generic, .nikon, .canon, .fuji])
  func measured(vendor: Vendor) async throws {
    var configuration = Tethering.configuration(vendor)
    configuration.clockOffset = 3725
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether { events in
      let offset = try await events.connectedClock(of: run.camera)
      #expect(abs(offset - 3725) <= 1)
      _ = try await run.camera.shoot()
      let safe = try await events.safe()
      let clock = CaptureClock(offset: offset)
      let written = "2026-11-23T14:03:07.250+05:00"
      #expect(try await facts(run, safe, written: written) == clock.corrected(written))
      #expect(events.codes.contains("clock_offset"))
    }
  }

  @Test("A camera without a clock that can be read keeps the times that it wrote")
  func unknown() async throws {
    var configuration = Tethering.configuration(.sony)
    configuration.clockOffset = 3725
    let run = try await Tethering(configuration)
    defer { run.remove() }
    try await run.tether { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      let safe = try await events.safe()
      #expect(try await facts(run, safe, written: "2026-11-23T14:03:07+05:00") == "2026-11-23T14:03:07+05:00")
    }
  }

  @Test("A stated offset counts instead, and none leaves the times alone", arguments: [-90, nil])
  func stated(offset: Int?) async throws {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    try await run.tether(care: CameraCare(clock: offset.map { .stated($0) } ?? .asWritten)) { events in
      _ = try await events.connected()
      _ = try await run.camera.shoot()
      let safe = try await events.safe()
      let written = "2026-11-23T14:03:07"
      let expected = offset.map { CaptureClock(offset: $0).corrected(written) } ?? written
      #expect(try await facts(run, safe, written: written) == expected)
    }
  }

  @Test("A clock that jumps is noticed with the next frame, which has its new offset")
  func jump() async throws {
    var isNoticed = false
    // An answer that took long says nothing, and the frame has the old offset: then all of it is done again.
    for _ in 0..<3 where !isNoticed { isNoticed = try await noticesJump() }
    #expect(isNoticed)
  }

  /// - Returns: whether it was told before the frame was safe.
  private func noticesJump() async throws -> Bool {
    let run = try await Tethering(Tethering.configuration())
    defer { run.remove() }
    var isNoticed = false
    try await run.tether { events in
      _ = try await events.connectedClock(of: run.camera)
      _ = try await run.camera.shoot()
      let first = try await events.safe()
      // The driver remembers for two seconds what the clock showed.
      try await Task.sleep(for: .milliseconds(2700))
      run.camera.setClock(offset: -86400)
      _ = try await run.camera.shoot()
      let second = try await events.safe()
      guard let offset = events.offsets.last, offset != 0 else { return }
      isNoticed = true
      #expect(abs(offset + 86400) <= 1)
      let written = "2026-11-23T14:03:07"
      #expect(try await facts(run, first, written: written) == CaptureClock(offset: 0).corrected(written))
      let now = try await facts(run, second, written: written)
      #expect(
        now == CaptureClock(offset: -86400).corrected(written) || now?.hasPrefix("2026-11-24T14:03:0") == true
      )
    }
    return isNoticed
  }

  @Test("The camera's clock is set to this machine's", arguments: [Vendor.generic, .nikon, .canon, .fuji])
  func set(vendor: Vendor) async throws {
    var configuration = Tethering.configuration(vendor)
    configuration.clockOffset = 3725
    let run = try await Tethering(configuration)
    defer { run.remove() }
    let before = try await run.camera.shoot()
    try await run.tether(catchUp: .all, care: CameraCare(setsClock: true)) { events in
      #expect(abs(try await events.clock() - 3725) <= 1)
      // The frame may come before or after the clock is set.
      var frame: SafeFrame?
      var offset: Int?
      while frame == nil || offset == nil {
        try await events.next { event in
          if case .frameSafe(let safe) = event { frame = safe }
          if case .cameraClock(_, let set) = event { offset = set }
          return frame == nil && offset == nil ? nil : ()
        }
      }
      #expect(offset == 0)
      #expect(abs(run.camera.clockOffset) < 2)
      // What was shot before is corrected by what the clock was then.
      let safe = try #require(frame)
      #expect(safe.sha256.hex == before.sha256)
      let spans = try await run.journal.clockSpans(of: configuration.serialNumber)
      let written = "2026-11-23T14:03:07"
      #expect(
        try await facts(run, safe, written: written)
          == CaptureClock(offset: spans[0].offset).corrected(written))
    }
  }
}

extension EventReader {
  mutating func clock() async throws -> Int {
    try await next { if case .cameraClock(_, let offset) = $0 { offset } else { nil } }
  }

  /// Waits until a camera is connected, and its clock known. An answer that took long says nothing, and the next one is a
  /// minute away, or as far as the next connection (Canon EOS).
  mutating func connectedClock(of camera: SimulatedCamera) async throws -> Int {
    _ = try await connected()
    for _ in 0..<5 where offsets.isEmpty {
      camera.inject(.drop)
      _ = try await connected()
    }
    return try #require(offsets.last)
  }

  /// The offsets that were told until now.
  var offsets: [Int] { seen.compactMap { if case .cameraClock(_, let offset) = $0 { offset } else { nil } } }

  /// The codes of the warnings until now.
  var codes: [String] { seen.compactMap { if case .warning(let code, _) = $0 { code } else { nil } } }
}
