import Foundation
import Model
import Testing

@Suite("Limits and their timetable")
struct LimitTests {
  /// Berlin, where clocks are set forward on 29 March 2026 (02:00 to 03:00) and back on 25 October (03:00 to 02:00).
  private let calendar: Calendar

  init() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
    self.calendar = calendar
  }

  private func megabits(_ texts: [String], _ utc: String) throws -> Double? {
    let date = try Date(utc, strategy: .iso8601)
    return try LimitTimetable(parsing: texts).limit(at: date, calendar: calendar).map {
      $0.bitsPerSecond / 1e6
    }
  }

  @Test("Rates are read with their unit, in any case, and nothing else is")
  func rates() {
    #expect(BitRate(parsing: "5mbit")?.bitsPerSecond == 5e6)
    #expect(BitRate(parsing: "2.5 MBit")?.bytesPerSecond == 312_500)
    #expect(BitRate(parsing: "500kbit")?.bitsPerSecond == 5e5)
    #expect(BitRate(parsing: "1gbit")?.bitsPerSecond == 1e9)
    for text in [
      "", "5", "mbit", "-5mbit", "0mbit", "1e3kbit", "5mb", "nanmbit", "infmbit", "1.2.3mbit", "7kbit",
    ] {
      #expect(BitRate(parsing: text) == nil, "\(text)")
    }
  }

  @Test(
    "The first entry that holds decides, the end of a span is not in it, and without one nothing is limited")
  func first() throws {
    let table = ["08:00-18:00 2mbit", "12:00-20:00 1mbit"]
    // Winter: Berlin is an hour ahead of UTC.
    #expect(try megabits(table, "2026-01-10T06:59:59Z") == nil)
    #expect(try megabits(table, "2026-01-10T07:00:00Z") == 2)
    #expect(try megabits(table, "2026-01-10T16:59:59Z") == 2)
    #expect(try megabits(table, "2026-01-10T17:00:00Z") == 1)
    #expect(try megabits(table, "2026-01-10T19:00:00Z") == nil)
    #expect(try megabits(["12:00-13:00 off", "4mbit"], "2026-01-10T11:30:00Z") == nil)
    #expect(try megabits(["12:00-13:00 off", "4mbit"], "2026-01-10T12:30:00Z") == 4)
  }

  @Test("A span goes over midnight, up to midnight, or from midnight")
  func midnight() throws {
    let night = ["22:00-06:00 8mbit"]
    #expect(try megabits(night, "2026-01-10T20:59:00Z") == nil)
    #expect(try megabits(night, "2026-01-10T21:00:00Z") == 8)
    #expect(try megabits(night, "2026-01-10T23:00:00Z") == 8, "midnight itself")
    #expect(try megabits(night, "2026-01-11T04:59:00Z") == 8)
    #expect(try megabits(night, "2026-01-11T05:00:00Z") == nil)
    for end in ["24:00", "00:00"] {
      #expect(try megabits(["18:00-\(end) 3mbit"], "2026-01-10T22:59:00Z") == 3)
      #expect(try megabits(["18:00-\(end) 3mbit"], "2026-01-10T23:00:00Z") == nil)
    }
    #expect(try megabits(["0:00-24:00 3mbit"], "2026-01-10T12:00:00Z") == 3)
  }

  @Test("Spans follow the wall clock when it is set forward and back")
  func clockChanges() throws {
    let hour = ["02:00-03:00 1mbit", "9mbit"]
    // 01:59:59 is followed by 03:00: the span does not come.
    #expect(try megabits(hour, "2026-03-29T00:59:59Z") == 9)
    #expect(try megabits(hour, "2026-03-29T01:00:00Z") == 9)
    // 02:30 comes twice.
    #expect(try megabits(hour, "2026-10-25T00:30:00Z") == 1)
    #expect(try megabits(hour, "2026-10-25T01:30:00Z") == 1)
    #expect(try megabits(hour, "2026-10-25T02:00:00Z") == 9)
    // Summer: two hours ahead.
    #expect(try megabits(["08:00-18:00 2mbit"], "2026-07-10T06:00:00Z") == 2)
  }

  @Test(
    "What is no entry is refused, and named",
    arguments: [
      "", "fast", "8-18 2mbit", "08:00-18:00", "08:00 2mbit", "08:00-25:00 2mbit", "08:60-09:00 2mbit",
      "08:00-08:00 2mbit", "24:00-08:00 2mbit", "08:00-18:00-20:00 2mbit", "8:0-9:00 1mbit",
      "٠٨:00-09:00 1mbit",
    ])
  func refused(text: String) {
    let error = #expect(throws: LimitTimetable.ParseError.self) {
      try LimitTimetable(parsing: ["5mbit", text])
    }
    #expect(error?.text == text)
  }
}
