import Glibc

/// A program from its start to its end, on the thread that follows it.
struct RunningProgram {
  private let process: ChildProcess
  private var input: Int32?
  private var output: Int32?
  private var tail: [UInt8] = []

  /// So much of what it said is kept.
  private static let tailLength = 2000
  /// How long the end of a program that is silent may go unnoticed, in milliseconds.
  private static let lookInterval: Int32 = 20

  /// - Parameter started: it is reaped here, and its pipes are closed.
  init(_ started: PipedProcess) {
    process = started.process
    input = started.input
    output = started.output
    for end in [started.input, started.output] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
  }

  /// Feeds it and listens to it until it ends or is ended.
  mutating func follow(_ run: ProgramRun, isCancelled: () -> Bool) -> ProgramRun.Ending {
    var unwritten = run.input[...]
    let deadline = ContinuousClock.now + run.timeLimit
    var ended: ProgramRun.Ending.Cause?
    var killAt: ContinuousClock.Instant?
    while !process.hasEnded {
      exchange(&unwritten)
      let now = ContinuousClock.now
      if ended == nil, isCancelled() || now >= deadline {
        ended = isCancelled() ? .cancelled : .timeOver
        kill(-process.identifier, SIGTERM)
        killAt = now + run.grace
      }
      if let at = killAt, now >= at {
        kill(-process.identifier, SIGKILL)
        killAt = nil
      }
    }
    // What it started goes with it, but only if it was not its own decision to end. The number is still its own:
    // it has not been waited for.
    if ended != nil { kill(-process.identifier, SIGKILL) }
    listen()
    close()
    let own: ProgramRun.Ending.Cause =
      switch process.reap() {
      case .exit(let code): .exit(code)
      case .signal(let number): .signal(number)
      }
    return ProgramRun.Ending(cause: ended ?? own, lastLines: lastLines)
  }

  /// Waits a moment for the program to read or write, and does its part.
  private mutating func exchange(_ unwritten: inout ArraySlice<UInt8>) {
    if unwritten.isEmpty { closeInput() }
    // A negative descriptor is passed over.
    var ends = [
      pollfd(fd: output ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: input ?? -1, events: Int16(POLLOUT), revents: 0),
    ]
    // A program that has closed its output is mostly about to end.
    poll(&ends, 2, output == nil ? 5 : Self.lookInterval)
    if ends[0].revents != 0 { listen() }
    if ends[1].revents != 0, let input {
      let count = unwritten.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
      if count > 0 {
        unwritten = unwritten.dropFirst(count)
      } else if errno != EAGAIN, errno != EINTR {
        unwritten = []
      }
    }
  }

  /// Reads what is there, and keeps the end of it.
  private mutating func listen() {
    guard let output else { return }
    var buffer = [UInt8](repeating: 0, count: 16384)
    // A program that writes without end must not keep us from looking at the clock.
    for _ in 0..<16 {
      let count = read(output, &buffer, buffer.count)
      if count > 0 {
        tail = Array((tail + buffer[..<count]).suffix(Self.tailLength))
      } else {
        if count == 0 || (errno != EAGAIN && errno != EINTR) {
          Glibc.close(output)
          self.output = nil
        }
        return
      }
    }
  }

  private mutating func closeInput() {
    if let input { Glibc.close(input) }
    input = nil
  }

  private mutating func close() {
    closeInput()
    if let output { Glibc.close(output) }
    output = nil
  }

  private var lastLines: String {
    String(decoding: tail, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(5)
      .joined(separator: "\n")
  }
}
