import Foundation
import Glibc
import Programs
import Synchronization

/// A program that a test started, seen from the outside: its lines, its words, its end.
///
/// Foundation's `Process` gives a child the signals blocked that its thread had blocked, SIGTERM among them; these
/// children start with none blocked and none ignored. A child does not outlive its `Program`.
final class Program: Sendable {
  /// How a program ended.
  enum Status: Equatable, CustomStringConvertible {
    case exit(Int32)
    case signal(Int32)

    init(_ end: ProcessEnd) {
      switch end {
      case .exit(let code): self = .exit(code)
      case .signal(let number): self = .signal(number)
      }
    }

    var description: String {
      switch self {
      case .exit(let code): ProcessEnd.exit(code).description
      case .signal(let number): ProcessEnd.signal(number).description
      }
    }
  }

  /// One line of standard output.
  struct Line: Sendable {
    let text: String
    /// The line read as an event; `nil` if it is no JSON object.
    let event: Event?
  }

  let name: String
  private let process: ChildProcess
  private let input: Int32
  private let life: Life
  /// Ticks once, when what it writes is to be read.
  private let reading = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - arguments: without the program's own name.
  ///   - environment: besides `PATH`, and a `HOME` that is nobody's.
  /// - Throws: `StartFailure` if it cannot be started.
  convenience init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
    let inputs = try Self.pipe()
    let outputs = try Self.pipe()
    let errors = try Self.pipe()
    try self.init(
      [executable.path] + arguments, environment: environment,
      streams: Streams(
        theirs: [inputs.out, outputs.in, errors.in], input: inputs.in, output: outputs.out, errors: errors.out
      ))
  }

  /// Starts a program as a person does: what it reads and writes is a terminal, and what it shows there are its words.
  convenience init(
    _ executable: URL, _ arguments: [String], on terminal: Terminal, environment: [String: String] = [:]
  ) throws {
    // The terminal becomes the program's own, so that Ctrl-C there is for it alone.
    let arguments = ["/usr/bin/setsid", "--ctty", executable.path] + arguments
    let theirs = try terminal.open()
    try self.init(
      arguments, environment: ["TERM": "xterm-256color"].merging(environment) { $1 },
      streams: Streams(
        theirs: [theirs], input: try terminal.duplicate(), output: nil, errors: try terminal.duplicate()))
  }

  /// Starts a program whose output goes into pipes of 4 KiB each that nobody reads before `readAll`.
  convenience init(unread executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws
  {
    let inputs = try Self.pipe()
    let outputs = try Self.smallPipe()
    let errors = try Self.smallPipe()
    try self.init(
      [executable.path] + arguments, environment: environment,
      streams: Streams(
        theirs: [inputs.out, outputs.in, errors.in], input: inputs.in, output: outputs.out,
        errors: errors.out, areRead: false))
  }

  /// What a program has for standard input, output and errors, and our ends of that.
  private struct Streams {
    /// One for each, or one for all.
    let theirs: [Int32]
    let input: Int32
    let output: Int32?
    let errors: Int32
    var areRead = true
  }

  private init(_ arguments: [String], environment: [String: String], streams: Streams) throws {
    name = arguments.joined(separator: " ")
    defer { for end in streams.theirs { close(end) } }
    input = streams.input
    do {
      // In our group: Ctrl-C is for the tests and all that they started.
      process = try ChildProcess.start(
        arguments, environment: Self.environment(environment),
        descriptors: (0..<3).map { .copy(of: streams.theirs[min($0, streams.theirs.count - 1)]) },
        hasOwnGroup: false)
    } catch {
      for end in [streams.input, streams.output, streams.errors].compactMap(\.self) { close(end) }
      throw error
    }
    life = Life(process)
    let (life, reading) = (life, reading)
    if streams.areRead { readAll() }
    let readers = DispatchGroup()
    for (descriptor, take) in [(streams.output, Life.takeOutput), (streams.errors, Life.takeErrors)] {
      guard let descriptor else { continue }
      readers.enter()
      Thread.detachNewThread {
        reading.wait()
        reading.signal()
        Self.read(descriptor) { take(life)($0) }
        close(descriptor)
        readers.leave()
      }
    }
    Thread.detachNewThread {
      life.awaitEnd()
      // What it has written is all there is now.
      reading.signal()
      readers.wait()
      life.end()
    }
  }

  /// Reads what it writes from now on, if that was not read.
  func readAll() { reading.signal() }

  deinit {
    life.signal(SIGKILL)
    close(input)
  }

  var identifier: pid_t { process.identifier }

  // MARK: What it says

  /// What it has written to standard output so far, by line.
  var lines: [Line] { life.state.withLock(\.lines) }

  /// The events among the lines.
  var events: [Event] { life.state.withLock(\.events) }

  /// How many events it has written so far.
  var eventCount: Int { life.state.withLock(\.events.count) }

  /// What it has written to standard error so far.
  var words: String { life.state.withLock { String(decoding: $0.errors, as: UTF8.self) } }

  /// Waits until something can be found in what it has said.
  /// - Throws: `Failure` if it ends, or the time is over, before that.
  @discardableResult
  func find<Found: Sendable>(
    _ what: String, within limit: Duration = .seconds(300), _ find: @escaping @Sendable ([Event]) -> Found?
  ) async throws -> Found {
    try await wait(for: what, within: limit) { state in
      if let found = find(state.events) { return .found(found) }
      return state.status == nil ? .notYet : .never
    }
  }

  /// Waits for an event.
  @discardableResult
  func first(
    _ event: String, within limit: Duration = .seconds(300),
    where isWanted: @escaping @Sendable (Event) -> Bool = { _ in true }
  ) async throws -> Event {
    try await find(event, within: limit) { $0.first { $0.event == event && isWanted($0) } }
  }

  /// Waits until it has written something to standard error.
  func hear(_ what: String, within limit: Duration = .seconds(300)) async throws {
    let wanted = Array(what.utf8)
    _ = try await wait(for: what, within: limit) { state -> Sight<Bool> in
      if state.errors.firstRange(of: wanted) != nil { return .found(true) }
      return state.status == nil ? .notYet : .never
    }
  }

  /// Waits for its end, and for the last of what it said.
  func end(within limit: Duration = .seconds(300)) async throws -> Status {
    try await wait(for: "its end", within: limit) { state in state.status.map { .found($0) } ?? .notYet }
  }

  /// How it ended, if it has.
  var status: Status? { life.state.withLock(\.status) }

  // MARK: What it is told

  /// Writes a line to its standard input. One that is gone does not hear it.
  func tell(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Types on the terminal that it was started on, Ctrl-C say.
  func type(_ keys: String) {
    _ = Array(keys.utf8).withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
  }

  /// Gives a command to a program that answers each with a line that has `ok`, one at a time, and waits for its answer.
  /// - Throws: `Failure` if it does not do it.
  func perform(_ command: String) async throws {
    let before = eventCount
    tell(command)
    let answer = try await find("an answer to \(command)") { events in
      events[before...].first { $0.ok != nil }
    }
    guard answer.ok == true else { throw failure("it does not \(command): \(answer.error ?? "")") }
  }

  /// Sends a signal; nothing if it has ended.
  func signal(_ number: Int32) { life.signal(number) }

  /// Why a test could not go on, with what the program said last.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// What went wrong with this program, with the last that it said.
  func failure(_ what: String) -> Failure {
    let said = lines.suffix(12).map(\.text).joined(separator: "\n")
    return Failure(
      description:
        "\(name): \(what). \(status.map { "It has ended with \($0). " } ?? "")It said:\n\(said)\n\(words.suffix(2000))"
    )
  }

  /// What a look at a program's state shows.
  private enum Sight<Found: Sendable>: Sendable {
    case found(Found)
    case notYet
    case never
  }

  private func wait<Found: Sendable>(
    for what: String, within limit: Duration, _ look: @escaping @Sendable (Life.State) -> Sight<Found>
  ) async throws -> Found {
    let life = life
    let sight = try await withThrowingTaskGroup(of: Sight<Found>.self) { group in
      group.addTask {
        for await _ in life.changes() {
          let sight = life.state.withLock { look($0) }
          if case .notYet = sight { continue }
          return sight
        }
        return .notYet
      }
      group.addTask {
        try await Task.sleep(for: limit)
        return .notYet
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .notYet
    }
    switch sight {
    case .found(let found): return found
    case .notYet: throw failure("not within \(limit): \(what)")
    case .never: throw failure("no more: \(what)")
    }
  }

  // MARK: Starting

  private static func environment(_ given: [String: String]) -> [String: String] {
    let own = ProcessInfo.processInfo.environment
    var environment = ["HOME": "/nonexistent", "SWIFT_BACKTRACE": "enable=no", "LC_ALL": "C.UTF-8"]
    for name in ["PATH", "LD_LIBRARY_PATH", "TMPDIR"] { environment[name] = own[name] }
    return environment.merging(given) { $1 }
  }

  /// A way for bytes that no other child inherits, from its first moment on (which `pipe` cannot promise).
  private static func pipe() throws -> (out: Int32, in: Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    return (ends[0], ends[1])
  }

  /// One that holds as little as a pipe can.
  private static func smallPipe() throws -> (out: Int32, in: Int32) {
    let pipe = try DescriptorPipe()
    // F_SETPIPE_SZ, which Swift does not import.
    _ = fcntl(pipe.input, 1031, 4096)
    return (pipe.output, pipe.input)
  }

  private static func read(_ descriptor: Int32, _ take: ([UInt8]) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      take(Array(buffer[..<count]))
    }
  }
}
