import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A running worker, from the outside.
///
/// One thread of its own starts it, reads its reports and waits for its end. It has to be one thread: the kernel's
/// parent-death signal comes when the *thread* that started a process ends, and threads of a pool come and go.
final class WorkerProcess: Sendable {
  /// What comes from the worker.
  enum Message: Sendable {
    case report(WorkerReport)
    /// It said something that is not of the protocol.
    case nonsense(String)
    /// It ended; nothing comes after this.
    case ended(String)
  }

  private struct State {
    var process: pid_t?
    var input: Int32?
  }

  private let state = Mutex(State())
  private let receive: @Sendable (Message) -> Void

  /// Starts it.
  /// - Parameters:
  ///   - arguments: the executable's path first.
  ///   - receive: called from the worker's own thread with everything that comes, `ended` last and once.
  init(arguments: [String], receive: @escaping @Sendable (Message) -> Void) {
    self.receive = receive
    let thread = Thread { [self] in run(arguments) }
    thread.name = "worker"
    thread.start()
  }

  /// Sends a command. A worker that does not read any more is noticed by its silence.
  func send(_ command: WorkerCommand) {
    state.withLock { state in
      guard let input = state.input, let line = try? MessageCoding.line(command) else { return }
      // Never blocks: the pipe holds more than the commands that a living worker leaves unread.
      if line.withUnsafeBytes({ Glibc.write(input, $0.baseAddress, $0.count) }) != line.count {
        Self.end(&state)
      }
    }
  }

  /// Ends it at once.
  func kill() {
    state.withLock { Self.end(&$0) }
  }

  /// How much memory it has, in bytes; `nil` when it is not running.
  var memory: Int64? {
    guard let process = state.withLock({ $0.process }) else { return nil }
    // A file of the kernel's own memory: reading it waits for no disk.
    guard let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8) else {
      return nil
    }
    return text.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map {
      $0 * Int64(getpagesize())
    }
  }

  private static func end(_ state: inout State) {
    // The number is the worker's own until it has been waited for, which happens under the same lock.
    if let process = state.process { Glibc.kill(process, SIGKILL) }
  }

  private func run(_ arguments: [String]) {
    do {
      let (process, input, output) = try Self.spawn(arguments)
      state.withLock { $0 = State(process: process, input: input) }
      read(output)
      close(output)
      receive(.ended(wait(for: process)))
    } catch {
      receive(.ended("it could not be started: \(error)"))
    }
  }

  private func read(_ descriptor: Int32) {
    var lines = LineBuffer()
    while true {
      let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
        repeat {
          count = buffer.baseAddress.map { Glibc.read(descriptor, $0, buffer.count) } ?? 0
        } while count < 0 && errno == EINTR
        count = max(0, count)
      }
      guard !bytes.isEmpty else { return }
      do {
        for line in try lines.append(bytes) {
          receive(.report(Self.checked(try MessageCoding.message(WorkerReport.self, in: line))))
        }
      } catch {
        receive(.nonsense(String(describing: error)))
        kill()
        return
      }
    }
  }

  /// A file that is said to be fetched is one, as long as it is said to be; else it is not fetched.
  private static func checked(_ report: WorkerReport) -> WorkerReport {
    guard case .fetched(let object, let path, let bytes, _) = report else { return report }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Int64(status.st_size) == bytes else {
      return .failed(
        object: object, FetchFailure(code: .disk, message: "Its file is not as the worker says it is."))
    }
    return report
  }

  /// - Returns: how it ended, in words.
  private func wait(for process: pid_t) -> String {
    var information = siginfo_t()
    while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    return state.withLock { state in
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      state.process = nil
      if let input = state.input { close(input) }
      state.input = nil
      let signal = status & 0x7f
      return signal == 0
        ? "exit code \((status >> 8) & 0xff)" : "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
  }

  private static func spawn(_ arguments: [String]) throws(Errno) -> (
    process: pid_t, input: Int32, output: Int32
  ) {
    let (commandsOut, commandsIn) = try pipeAboveTheStandardOnes()
    let (reportsOut, reportsIn) = try pipeAboveTheStandardOnes()
    defer {
      close(commandsOut)
      close(reportsIn)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0)
    // libgphoto2 prints to standard error what it also answers.
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, commandsOut, WorkerProtocol.commands)
    posix_spawn_file_actions_adddup2(&actions, reportsIn, WorkerProtocol.reports)
    // Ours are closed by exec; what a library opened without saying so is closed here.
    for descriptor in openDescriptors() where descriptor > WorkerProtocol.reports {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    // A process group of its own: Ctrl-C in the terminal is for us, and we end the worker when its file is done.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let result = posix_spawn(&process, arguments.first ?? "", &actions, &attributes, &words, environ)
    guard result == 0 else {
      close(commandsIn)
      close(reportsOut)
      throw Errno(rawValue: result)
    }
    // A worker that does not read must not stop us.
    _ = fcntl(commandsIn, F_SETFL, O_NONBLOCK)
    return (process, commandsIn, reportsOut)
  }

  private static func openDescriptors() -> [Int32] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    var descriptors: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = Int32(name) { descriptors.append(number) }
    }
    return descriptors
  }

  /// A pipe whose ends cannot be the numbers that they are copied to, and that no other child inherits.
  private static func pipeAboveTheStandardOnes() throws(Errno) -> (out: Int32, in: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Errno(rawValue: errno) }
    let copies = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    let number = errno
    for end in ends { close(end) }
    guard copies.allSatisfy({ $0 >= 0 }) else {
      for copy in copies where copy >= 0 { close(copy) }
      throw Errno(rawValue: number)
    }
    return (copies[0], copies[1])
  }
}
