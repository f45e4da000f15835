import Foundation
import Model
import Testing

@Suite("Capture times are corrected by what is known of the camera's clock")
struct CaptureClockTests {
  @Test(
    "A time becomes the time of the machine's zone",
    arguments: [
      // Nothing known: a zone that is there stays, one that is missing is the machine's.
      (nil, "2026-11-23T14:03:07.250+08:00", "2026-11-23T14:03:07.250+08:00"),
      (nil, "2026-11-23T14:03:07.250", "2026-11-23T14:03:07.250+01:00"),
      (nil, "2026-07-23T14:03:07", "2026-07-23T14:03:07+02:00"),
      // The camera shows Hong Kong's time, rightly or not: seven hours more than Berlin.
      (7 * 3600, "2026-11-23T21:03:07.250+08:00", "2026-11-23T14:03:07.250+01:00"),
      (7 * 3600, "2026-11-23T21:03:07.250", "2026-11-23T14:03:07.250+01:00"),
      (-65, "2026-12-31T23:59:30", "2027-01-01T00:00:35+01:00"),
      (0, "2026-11-23T14:03:07Z", "2026-11-23T14:03:07+01:00"),
      // The night in which summer time ends, and the day after it.
      (3600, "2026-10-25T05:30:00", "2026-10-25T04:30:00+01:00"),
      (0, "2026-03-29T03:30:00", "2026-03-29T03:30:00+02:00"),
      // No time at all.
      (5, "yesterday", "yesterday"), (5, "2026-11-23", "2026-11-23"),
    ] as [(Int?, String, String)])
  func correction(offset: Int?, written: String, corrected: String) {
    #expect(CaptureClock(offset: offset, zone: "Europe/Berlin").corrected(written) == corrected)
  }

  @Test("How far a clock is off, in words")
  func words() {
    #expect(ClockText.duration(0) == "right")
    #expect(ClockText.duration(7) == "0:07 ahead")
    #expect(ClockText.duration(-3603) == "1:00:03 behind")
    #expect(ClockText.duration(90_000) == "1 d 1:00:00 ahead")
  }
}
