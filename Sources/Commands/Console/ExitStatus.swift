/// The exit codes of the contract (contract.md, "Exit codes"); the numbers are those of `sysexits.h`.
enum ExitStatus: Int32, CaseIterable, Sendable {
  case done = 0
  case usage = 64
  case badInput = 65
  case noInput = 66
  case unavailable = 69
  case ourFault = 70
  case cannotCreate = 73
  case inputOutput = 74
  case notAllDelivered = 75
  case notAllowed = 77
  case configuration = 78

  /// How an `error` event names it.
  var code: String {
    switch self {
    case .done: "done"
    case .usage: "usage"
    case .badInput: "bad_input"
    case .noInput: "no_input"
    case .unavailable: "unavailable"
    case .ourFault: "our_fault"
    case .cannotCreate: "cannot_create"
    case .inputOutput: "input_output"
    case .notAllDelivered: "not_all_delivered"
    case .notAllowed: "not_allowed"
    case .configuration: "configuration"
    }
  }

  /// What the help text says of it.
  var meaning: String {
    switch self {
    case .done: "done"
    case .usage: "the command line is not understood"
    case .badInput: "the input is not what it should be"
    case .noInput: "no such input"
    case .unavailable: "a needed service or device is not there"
    case .ourFault: "our own fault"
    case .cannotCreate: "an output cannot be created"
    case .inputOutput: "reading or writing failed (a full disk)"
    case .notAllDelivered: "not all delivered; all is kept, run again"
    case .notAllowed: "not allowed (token, permission)"
    case .configuration: "the configuration is wrong"
    }
  }

  /// The table that every help text ends with.
  static var table: String {
    "EXIT CODES:\n"
      + allCases.map { "  \($0.rawValue)\($0.rawValue < 10 ? " " : "")  \($0.meaning)" }.joined(
        separator: "\n")
  }
}
