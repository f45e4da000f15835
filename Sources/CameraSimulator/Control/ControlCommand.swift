import Foundation

/// What a simulated camera can be told while it runs, as words: `shoot 3`, `fault drop-after 1000000`.
///
/// A line may also be a JSON array of strings, `["fault", "name", "../../evil.JPG"]`, for names that words
/// cannot say.
public enum ControlCommand: Sendable, Hashable {
  case shoot(Int)
  case list
  case status
  case fault(Fault)
  case clear
  case battery(Int)
  /// Seconds that the camera's clock is ahead of this machine's.
  case clock(Double)
  case format
  case reinsert
  case delete(String)
  case protect(String)
  case unprotect(String)
  case rate(String, stars: Int)
  case help
  case quit

  /// Reads a line.
  /// - Throws: `CameraSimulatorError` with code `usage` and what the line should have been.
  public init(line: String) throws(CameraSimulatorError) {
    var words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    if line.hasPrefix("["), let json = try? JSONDecoder().decode([String].self, from: Data(line.utf8)) {
      words = json
    }
    try self.init(words: words)
  }

  init(words: [String]) throws(CameraSimulatorError) {
    guard let verb = words.first else { throw Self.usage("a command is missing") }
    let rest = Array(words.dropFirst())
    switch verb {
    case "shoot": self = .shoot(rest.isEmpty ? 1 : try Self.count(rest, 0, of: verb))
    case "list": self = .list
    case "status": self = .status
    case "fault": self = .fault(try Self.fault(rest))
    case "clear": self = .clear
    case "battery": self = .battery(try Self.count(rest, 0, of: verb))
    case "clock":
      guard let seconds = rest.first.flatMap(Double.init), seconds.isFinite else {
        throw Self.usage("clock SECONDS")
      }
      self = .clock(seconds)
    case "format": self = .format
    case "reinsert": self = .reinsert
    case "delete": self = .delete(try Self.name(rest, of: verb))
    case "protect": self = .protect(try Self.name(rest, of: verb))
    case "unprotect": self = .unprotect(try Self.name(rest, of: verb))
    case "rate":
      guard let stars = rest.last.flatMap(Int.init), (0...5).contains(stars), rest.count > 1 else {
        throw Self.usage("rate NAME STARS")
      }
      self = .rate(try Self.name(Array(rest.dropLast()), of: verb), stars: stars)
    case "help": self = .help
    case "quit": self = .quit
    default: throw Self.usage("\(verb.debugDescription) is no command; say help")
    }
  }

  private static func fault(_ words: [String]) throws(CameraSimulatorError) -> Fault {
    guard let kind = words.first else { throw usage("fault KIND; say help") }
    switch kind {
    case "drop": return .drop
    case "drop-after": return .dropAfter(bytes: try count(words, 1, of: "fault drop-after"))
    case "stall":
      guard words.count > 1 else { return .stall(seconds: nil) }
      guard let seconds = Double(words[1]), seconds.isFinite, seconds >= 0 else {
        throw usage("fault stall SECONDS")
      }
      return .stall(seconds: seconds)
    case "busy":
      return .busy(
        operations: try count(words, 1, of: "fault busy"),
        after: words.count > 2 ? try count(words, 2, of: "fault busy") : 0)
    case "slow": return .slow(bytesPerSecond: try count(words, 1, of: "fault slow"))
    case "latency": return .latency(milliseconds: try count(words, 1, of: "fault latency"))
    case "short":
      return .short(
        bytes: try count(words, 1, of: "fault short"),
        downloads: words.count > 2 ? try count(words, 2, of: "fault short") : 1)
    case "truncate": return .truncate(bytes: try count(words, 1, of: "fault truncate"))
    case "duplicate-events": return .duplicateEvents(words.count > 1 ? try count(words, 1, of: kind) : 1)
    case "missing-events": return .missingEvents(words.count > 1 ? try count(words, 1, of: kind) : 1)
    case "unknown-objects": return .unknownObjects(words.count > 1 ? try count(words, 1, of: kind) : 1)
    case "refuse": return .refuse(connections: words.count > 1 ? try count(words, 1, of: kind) : 1)
    case "init-fail": return .initFail(.busy, times: words.count > 1 ? try count(words, 1, of: kind) : 1)
    case "rollover": return .rollover
    case "name": return .name(try name(Array(words.dropFirst()), of: "fault name"))
    case "hostile-name":
      guard words.count > 1, let hostile = Fault.HostileName(rawValue: words[1]) else {
        throw usage(
          "fault hostile-name \(Fault.HostileName.allCases.map(\.rawValue).joined(separator: "|"))")
      }
      return .name(hostile.text)
    default: throw usage("\(kind.debugDescription) is no fault; say help")
    }
  }

  private static func count(_ words: [String], _ index: Int, of verb: String) throws(CameraSimulatorError)
    -> Int
  {
    guard index < words.count, let count = Int(words[index]), count >= 0 else {
      throw usage("\(verb) wants a number that is not negative")
    }
    return count
  }

  private static func name(_ words: [String], of verb: String) throws(CameraSimulatorError) -> String {
    guard !words.isEmpty else { throw usage("\(verb) NAME") }
    return words.joined(separator: " ")
  }

  private static func usage(_ message: String) -> CameraSimulatorError {
    CameraSimulatorError(.usage, message)
  }

  /// All commands, one on a line.
  public static let summary = """
    shoot [N]                     takes N frames (1)
    list                          what is on the cards and in RAM
    status                        battery, clock, cards, session, faults
    battery PERCENT               sets the battery's level
    clock SECONDS                 sets the clock that far ahead of this machine's; may be negative
    format                        formats the cards silently; numbers begin again, handles do not
    reinsert                      takes the cards out and puts them in again, announced
    delete NAME                   deletes a file on the camera, announced
    protect NAME, unprotect NAME  marks a file as protected, announced
    rate NAME STARS               gives a file 0 to 5 stars, written into it, announced
    fault drop                    closes all connections now
    fault drop-after BYTES        closes them after that many bytes of the next downloads
    fault stall [SECONDS]         does not answer for that long; without SECONDS until clear
    fault busy N [AFTER]          answers the next N operations with DeviceBusy; AFTER others first
    fault slow BYTES              sends objects at BYTES a second; 0 is full speed
    fault latency MS              answers every operation that many milliseconds later; 0 ends it
    fault short BYTES [N]         the next N downloads (1) lack their last BYTES
    fault truncate BYTES          the next download says its full length and ends BYTES early
    fault duplicate-events [N]    the next N events come twice
    fault missing-events [N]      the next N events do not come
    fault unknown-objects [N]     knows nothing of the next N objects that it is asked about
    fault refuse [N]              closes the next N connections at once
    fault init-fail [N]           turns the next N initiators away as busy
    fault rollover                the next frame is 9999, the one after it 0001 in a new folder
    fault name NAME               the next frame has this name
    fault hostile-name KIND       the next frame's name is a trap: traversal, long, control, emoji, chinese
    clear                         ends all faults
    help                          this
    quit                          switches the camera off
    """
}
