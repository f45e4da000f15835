/// The faults that are on, counted down as they strike.
struct ActiveFaults: Sendable {
  var dropAfter: Int?
  /// Bytes missing at the end of the next downloads, and how many downloads.
  var short: (bytes: Int, downloads: Int) = (0, 0)
  var truncate: Int?
  var busy = 0
  var bytesPerSecond = 0
  var milliseconds = 0
  var duplicateEvents = 0
  var missingEvents = 0
  var refusals = 0
  var initFail: (reason: Packet.FailReason, times: Int) = (.busy, 0)
  var names: [String] = []

  /// One less of a counted fault, and whether it strikes.
  static func strike(_ count: inout Int) -> Bool {
    guard count > 0 else { return false }
    count -= 1
    return true
  }
}
