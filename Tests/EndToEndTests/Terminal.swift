import Foundation
import Glibc

/// A terminal of a hundred columns (a pseudoterminal), looked at from its other side.
final class Terminal: Sendable {
  private let master: Int32
  private let path: String

  /// `ioctl_tty(2)`, whose two numbers Swift does not import: `posix_openpt` and its companions ask for the same.
  init() throws {
    let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
    let master = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0 else { throw Self.failure }
    var (isLocked, own): (Int32, Int32) = (0, 0)
    var size = winsize(ws_row: 40, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0)
    guard ioctl(master, unlock, &isLocked) == 0, ioctl(master, number, &own) == 0,
      ioctl(master, UInt(TIOCSWINSZ), &size) == 0
    else {
      defer { close(master) }
      throw Self.failure
    }
    self.master = master
    path = "/dev/pts/\(own)"
  }

  deinit { close(master) }

  /// The side that a program has.
  func open() throws -> Int32 {
    let descriptor = Glibc.open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure }
    return descriptor
  }

  /// One more of our side.
  func duplicate() throws -> Int32 {
    let descriptor = fcntl(master, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw Self.failure }
    return descriptor
  }

  /// How it treats what is typed and shown: echo, lines, signals.
  struct Modes: Equatable {
    let input: UInt32
    let output: UInt32
    let control: UInt32
    let local: UInt32
  }

  func modes() throws -> Modes {
    var settings = termios()
    guard tcgetattr(master, &settings) == 0 else { throw Self.failure }
    return Modes(
      input: settings.c_iflag, output: settings.c_oflag, control: settings.c_cflag, local: settings.c_lflag)
  }

  private static var failure: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

/// What a terminal shows after a program has written something: lines, without their colours.
struct Screen {
  private(set) var lines: [String] = [""]
  /// Whether the cursor can be seen, and text is in the terminal's own colours.
  private(set) var isCursorVisible = true
  private(set) var isPlain = true
  private var row = 0
  private var column = 0

  /// - Parameter words: with `ESC [ …` for moving up, erasing, colours and the cursor; nothing else is expected.
  init(_ words: String) {
    var rest = Substring(words)
    while let character = rest.first {
      rest.removeFirst()
      switch character {
      case "\u{1b}":
        guard rest.first == "[" else { continue }
        let parameters = rest.dropFirst().prefix { !$0.isLetter }
        rest = rest.dropFirst(1 + parameters.count)
        if let command = rest.popFirst() { obey(command, String(parameters)) }
      case "\r": column = 0
      // What the terminal makes of a line's end.
      case "\n", "\r\n": (row, column) = (row + 1, 0)
      default: put(character)
      }
      while lines.count <= row { lines.append("") }
    }
  }

  /// The line that the cursor is in.
  var atCursor: String { lines[row] }

  private mutating func put(_ character: Character) {
    var line = Array(lines[row])
    while line.count <= column { line.append(" ") }
    line[column] = character
    lines[row] = String(line)
    column += 1
  }

  private mutating func obey(_ command: Character, _ parameters: String) {
    switch (command, parameters) {
    case ("A", _): row = max(0, row - (Int(parameters) ?? 1))
    case ("J", _):
      lines[row] = String(lines[row].prefix(column))
      lines.removeSubrange((row + 1)...)
    case ("K", _): lines[row] = String(lines[row].prefix(column))
    case ("m", _): isPlain = parameters == "0" || parameters.isEmpty
    case ("h", "?25"): isCursorVisible = true
    case ("l", "?25"): isCursorVisible = false
    default: break
    }
  }
}
