/// The faults that are on, counted down as they strike.
struct ActiveFaults: Sendable {
  var dropAfter: Int?
  /// Bytes missing at the end of the next downloads, and how many downloads.
  var short: (bytes: Int, downloads: Int) = (0, 0)
  var truncate: Int?
  /// Operations to go before the camera gets busy, and how many it is busy for.
  var busyAfter = 0
  var busy = 0
  var bytesPerSecond = 0
  var milliseconds = 0
  var duplicateEvents = 0
  var missingEvents = 0
  var unknownObjects = 0
  var refusals = 0
  var initFail: (reason: Packet.FailReason, times: Int) = (.busy, 0)
  var names: [String] = []

  /// An operation comes: whether the camera is too busy for it.
  mutating func isBusy() -> Bool {
    guard busy > 0, !Self.strike(&busyAfter) else { return false }
    return Self.strike(&busy)
  }

  /// One less of a counted fault, and whether it strikes.
  static func strike(_ count: inout Int) -> Bool {
    guard count > 0 else { return false }
    count -= 1
    return true
  }
}
