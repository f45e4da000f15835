import Foundation
import Glibc
import Synchronization

/// The one place that writes to standard output and standard error.
///
/// Standard output carries what a script reads, standard error what a person reads (contract.md). Writing to a pipe
/// whose reader is gone is no error of ours: what is said is lost, the work goes on.
final class Console: Sendable {
  enum Loudness: Int, Sendable, Comparable {
    case quiet, normal, verbose
    static func < (left: Loudness, right: Loudness) -> Bool { left.rawValue < right.rawValue }
  }

  /// Whether standard output carries one JSON object a line.
  let isJSON: Bool
  let loudness: Loudness
  /// Whether standard error is a terminal that lines may be redrawn on.
  let isInteractive: Bool
  /// Whether colours may be used on standard error.
  let hasColours: Bool

  private struct Screen {
    /// Lines of the live view that stand at the bottom of the terminal.
    var lines = 0
  }
  private let screen = Mutex(Screen())

  init(isJSON: Bool, loudness: Loudness, environment: [String: String]) {
    self.isJSON = isJSON
    self.loudness = loudness
    isInteractive = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb" && loudness > .quiet
    hasColours = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
  }

  // MARK: For scripts

  /// One JSON object on a line of standard output, if `--json` was asked for.
  func emit(_ object: some Encodable) {
    guard isJSON else { return }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      write(try encoder.encode(object) + Data("\n".utf8), to: STDOUT_FILENO)
    } catch {
      complain("An event could not be written as JSON: \(error)")
    }
  }

  /// The answer of a command that answers, as text on standard output; nothing with `--json`.
  func answer(_ text: String) {
    guard !isJSON else { return }
    write(Data((text + "\n").utf8), to: STDOUT_FILENO)
  }

  // MARK: For people

  /// A line that tells how things go; not with `--quiet`.
  func say(_ text: String) {
    guard loudness > .quiet else { return }
    line(text)
  }

  /// A line that matters only to somebody who looks for the cause of something; with `--verbose`.
  func detail(_ text: String) {
    guard loudness == .verbose else { return }
    line(dimmed(text))
  }

  /// A warning or an error; always.
  func complain(_ text: String) {
    line(text)
  }

  /// Replaces the live view at the bottom of the terminal; nothing where there is no terminal.
  func show(_ lines: [String]) {
    guard isInteractive else { return }
    let width = width
    screen.withLock { screen in
      var text = erase(screen.lines)
      text += lines.map { Self.cut($0, to: width - 1) + "\u{1b}[K\n" }.joined()
      screen.lines = lines.count
      write(Data(text.utf8), to: STDERR_FILENO)
    }
  }

  /// Takes the live view away.
  func clear() {
    show([])
  }

  func bold(_ text: String) -> String { styled(text, "1") }
  func dimmed(_ text: String) -> String { styled(text, "2") }
  func green(_ text: String) -> String { styled(text, "32") }
  func yellow(_ text: String) -> String { styled(text, "33") }
  func red(_ text: String) -> String { styled(text, "31") }

  private func styled(_ text: String, _ code: String) -> String {
    hasColours ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
  }

  /// Writes a line above the live view, which is drawn again with the next `show`.
  private func line(_ text: String) {
    screen.withLock { screen in
      let erased = erase(screen.lines)
      screen.lines = 0
      write(Data((erased + text + (isInteractive ? "\u{1b}[K" : "") + "\n").utf8), to: STDERR_FILENO)
    }
  }

  private func erase(_ lines: Int) -> String {
    lines == 0 ? "" : "\u{1b}[\(lines)A\u{1b}[J"
  }

  /// The terminal's columns; 80 where there is none.
  var width: Int { Self.columns(of: STDERR_FILENO) ?? 80 }

  /// The columns of the terminal that answers go to; `nil` where they go elsewhere.
  var answerWidth: Int? { Self.columns(of: STDOUT_FILENO) }

  private static func columns(of descriptor: Int32) -> Int? {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? max(20, Int(size.ws_col)) : nil
  }

  /// A link as a QR code, where there is a terminal that is wide enough for it.
  func sayCode(for page: URL) {
    guard isInteractive, let code = QRCode.lines(for: page.absoluteString, hasColours: hasColours),
      QRCode.width(of: page.absoluteString) <= width
    else { return }
    for line in code { say(line) }
  }

  /// Cuts a line to so many columns, the last of them `…`, passing over colour codes; a CJK character takes two.
  static func cut(_ line: String, to columns: Int) -> String {
    let plain = line.replacing(#/\u{1b}\[[0-9;]*m/#, with: "")
    guard Text.columns(of: plain) > columns else { return line }
    return prefix(of: line, columns: columns - 1) + "…" + (line.contains("\u{1b}") ? "\u{1b}[0m" : "")
  }

  private static func prefix(of line: String, columns: Int) -> String {
    var result = ""
    var used = 0
    var isEscape = false
    for character in line {
      if character == "\u{1b}" { isEscape = true }
      if isEscape {
        result.append(character)
        if character.isLetter { isEscape = false }
        continue
      }
      let width = Text.columns(of: character)
      if used + width > columns { return result }
      used += width
      result.append(character)
    }
    return result
  }

  private func write(_ data: Data, to descriptor: Int32) {
    data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          return
        }
        done += count
      }
    }
  }
}
