import Foundation
import Glibc
import Synchronization
import UnixSignals

/// The one place that writes to standard output and standard error.
///
/// Standard output carries what a script reads, standard error what a person reads (contract.md). Writing to a pipe
/// whose reader is gone is no error of ours: what is said is lost, the work goes on. Nothing here waits for a reader but
/// `done` and `finish`.
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

  private static let errorWriter = DescriptorWriter()
  /// Lines for one terminal, or one pipe, keep their order: one thread writes to it.
  private static let outputWriter = areOneFile() ? errorWriter : DescriptorWriter()

  /// A day's events of three cameras are some ten megabytes.
  private static let output = DescriptorWriter.Outlet(descriptor: STDOUT_FILENO, bound: 32 << 20) { lost in
    let event = LiveEvent.warning(
      code: "output.lost",
      message: "\(Text.count(lost, "line")) before this one found nobody who read, and are lost.")
    return (try? line(of: LiveEvent.Line(event: event, time: Date()))) ?? []
  }
  private static let errors = DescriptorWriter.Outlet(descriptor: STDERR_FILENO, bound: 256 << 10) { lost in
    Array("… \(Text.count(lost, "line")) left out: nobody read them.\n".utf8)
  }

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
    do {
      Self.outputWriter.write(try Self.line(of: object), to: Self.output)
    } catch {
      complain("An event could not be written as JSON: \(error)")
    }
  }

  private static func line(of object: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(object)) + Array("\n".utf8)
  }

  /// The answer of a command that answers, as text on standard output; nothing with `--json`.
  func answer(_ text: String) {
    guard !isJSON else { return }
    Self.outputWriter.write(Array((text + "\n").utf8), to: Self.output)
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

  /// What somebody looks for who wants to know more (swift-log); its end is its own.
  func log(_ text: String) {
    Self.errorWriter.write(Array(text.utf8), to: Self.errors)
  }

  /// Replaces the live view at the bottom of the terminal; nothing where there is no terminal.
  func show(_ lines: [String]) {
    guard isInteractive else { return }
    let width = width
    Self.errorWriter.show(
      lines.map { Self.cut($0, to: width - 1) + "\u{1b}[K" }, on: STDERR_FILENO)
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
    log(text + (isInteractive ? "\u{1b}[K" : "") + "\n")
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

  // MARK: The end

  /// How long a reader of what a run says may take nothing before the run, which is done, ends without it.
  private static let patience = Duration.seconds(5)
  /// Whether a command that stays has done its work, and somebody has read so far what it said.
  private static let isDone = Atomic(false)

  /// A command that stays has done its work: waits until what it said is written, as long as somebody reads that.
  /// Cancelling ends the waiting, as a signal does.
  static func done() async {
    if await drain(patience: patience) { isDone.store(true, ordering: .relaxed) }
  }

  /// Waits, before the process ends, until all that was said is written.
  ///
  /// An answer is waited for however slowly it is read, as with any command in a pipe; a signal ends that. What a run
  /// that is done says last is waited for as long as somebody reads. A run that was stopped must be gone soon, and one
  /// that nobody reads may: it waits for a second at most.
  /// - Parameter isLasting: whether a command that stays is at its end.
  static func finish(isLasting: Bool) async {
    guard isLasting, isDone.load(ordering: .relaxed) else {
      await drain(limit: isLasting ? .seconds(1) : nil)
      return
    }
    await withTaskGroup { group in
      group.addTask { _ = await drain(patience: patience) }
      group.addTask {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup) { return }
      }
      await group.next()
      group.cancelAll()
    }
  }

  @discardableResult
  private static func drain(patience: Duration? = nil, limit: Duration? = nil) async -> Bool {
    async let output = outputWriter.drain(patience: patience, limit: limit)
    let errors = await errorWriter.drain(patience: patience, limit: limit)
    return await output && errors
  }

  /// Whether standard output and standard error are the same file.
  private static func areOneFile() -> Bool {
    var (output, errors) = (stat(), stat())
    return fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &errors) == 0
      && output.st_dev == errors.st_dev && output.st_ino == errors.st_ino
  }
}
