import Glibc

/// A program from its start to its end, on the thread that follows it.
struct RunningProgram {
  private let process: pid_t
  private var input: Int32?
  private var output: Int32?
  private var tail: [UInt8] = []

  /// So much of what it said is kept.
  private static let tailLength = 2000
  /// How long the end of a program that is silent may go unnoticed, in milliseconds.
  private static let lookInterval: Int32 = 20

  /// - Parameters:
  ///   - process: its number, which is its group's as well.
  ///   - input: the end of a pipe, to write to; closed here, as is `output`.
  ///   - output: the end of a pipe, to read from.
  init(process: pid_t, input: Int32, output: Int32) {
    self.process = process
    self.input = input
    self.output = output
  }

  /// Feeds it and listens to it until it ends or is ended.
  mutating func follow(_ run: ProgramRun, isCancelled: () -> Bool) -> ProgramRun.Ending {
    var unwritten = run.input[...]
    let deadline = ContinuousClock.now + run.timeLimit
    var ended: ProgramRun.Ending.Cause?
    var killAt: ContinuousClock.Instant?
    while !hasEnded() {
      exchange(&unwritten)
      let now = ContinuousClock.now
      if ended == nil, isCancelled() || now >= deadline {
        ended = isCancelled() ? .cancelled : .timeOver
        kill(-process, SIGTERM)
        killAt = now + run.grace
      }
      if let at = killAt, now >= at {
        kill(-process, SIGKILL)
        killAt = nil
      }
    }
    // What it started goes with it, but only if it was not its own decision to end. The number is still its own:
    // it has not been waited for.
    if ended != nil { kill(-process, SIGKILL) }
    listen()
    close()
    let own = reap()
    return ProgramRun.Ending(cause: ended ?? own, lastLines: lastLines)
  }

  private func hasEnded() -> Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG) == 0
      && information.si_signo == SIGCHLD
  }

  private func reap() -> ProgramRun.Ending.Cause {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
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
