import Foundation
import Glibc
import Synchronization

/// One run of a program that is not ours: a hook, a retouching step.
///
/// It gets a process group of its own, so that it can be ended together with what it started, and no descriptor of
/// ours but its three. It is not trusted to read its input, to end, or to say little.
public struct ProgramRun: Sendable {
  /// The program, looked up in `PATH`, and its arguments. No shell is involved.
  public var arguments: [String]
  /// What is added to this process's environment. A NUL in a value ends the value.
  public var environment: [String: String]
  /// Variables of ours that it does not get: secrets.
  public var withheld: Set<String>
  /// What it reads from standard input; not reading it is no fault.
  public var input: [UInt8]
  /// After so long the group is asked to end (SIGTERM).
  public var timeLimit: Duration
  /// And so much later it is ended (SIGKILL).
  public var grace: Duration

  public init(
    _ arguments: [String], environment: [String: String] = [:], withheld: Set<String> = ["PIXCHEESE_TOKEN"],
    input: [UInt8] = [], timeLimit: Duration, grace: Duration = .seconds(2)
  ) {
    self.arguments = arguments
    self.environment = environment
    self.withheld = withheld
    self.input = input
    self.timeLimit = timeLimit
    self.grace = grace
  }

  /// How a run came to its end.
  public struct Ending: Sendable {
    public enum Cause: Hashable, Sendable {
      case exit(Int32)
      /// By a signal that was not ours.
      case signal(Int32)
      /// Its time was over.
      case timeOver
      /// The task that waited for it was cancelled.
      case cancelled
      /// It could not be started at all; the kernel's words.
      case notStarted(String)
    }
    public var cause: Cause
    /// The last lines that it wrote to standard output and standard error, as it wrote them: hostile text.
    public var lastLines: String

    public var isSuccess: Bool { cause == .exit(0) }
  }

  /// Whether a program can be started: by its path, or found in `PATH`.
  public static func isThere(_ program: String) -> Bool {
    guard !program.contains("/") else { return access(program, X_OK) == 0 }
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.contains { access("\($0)/\(program)", X_OK) == 0 }
  }

  /// Starts the program and waits for its end, on a thread of its own. Cancelling the task ends the program.
  ///
  /// What it leaves running in the background after it ended by itself is its own business; when it had to be ended,
  /// its whole group is.
  public func perform() async -> Ending {
    let isCancelled = Mutex(false)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let thread = Thread {
          continuation.resume(returning: performBlocking { isCancelled.withLock(\.self) })
        }
        thread.name = "program"
        thread.start()
      }
    } onCancel: {
      isCancelled.withLock { $0 = true }
    }
  }

  /// The same on this thread.
  private func performBlocking(isCancelled: () -> Bool) -> Ending {
    // Writing to a program that does not read must not end us; the mask is this thread's own, and it ends with it.
    var pipeSignal = sigset_t()
    sigemptyset(&pipeSignal)
    sigaddset(&pipeSignal, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
    switch spawn() {
    case .failure(let failure):
      return Ending(cause: .notStarted(failure.words), lastLines: "")
    case .success(var program):
      return program.follow(self, isCancelled: isCancelled)
    }
  }

  private struct SpawnFailure: Error {
    let words: String
    init(_ number: Int32) { words = String(cString: strerror(number)) }
  }

  private func spawn() -> Result<RunningProgram, SpawnFailure> {
    guard let inputs = Self.pipe() else { return .failure(SpawnFailure(errno)) }
    guard let outputs = Self.pipe() else {
      let number = errno
      for end in [inputs.out, inputs.in] { close(end) }
      return .failure(SpawnFailure(number))
    }
    defer { for end in [inputs.out, outputs.in] { close(end) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, inputs.out, 0)
    posix_spawn_file_actions_adddup2(&actions, outputs.in, 1)
    posix_spawn_file_actions_adddup2(&actions, outputs.in, 2)
    // Ours are closed by exec; what a library opened without saying so is closed here.
    for descriptor in Self.openDescriptors() where descriptor > 2 {
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
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
    var words = arguments.map { strdup($0) } + [nil]
    var variables = variables().map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var process: pid_t = 0
    let result = posix_spawnp(&process, arguments.first ?? "", &actions, &attributes, &words, &variables)
    guard result == 0 else {
      for end in [inputs.in, outputs.out] { close(end) }
      return .failure(SpawnFailure(result))
    }
    for end in [inputs.in, outputs.out] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    return .success(RunningProgram(process: process, input: inputs.in, output: outputs.out))
  }

  private func variables() -> [String: String] {
    ProcessInfo.processInfo.environment.filter { !withheld.contains($0.key) }.merging(environment) { $1 }
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
  private static func pipe() -> (out: Int32, in: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return nil }
    let copies = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    let number = errno
    for end in ends { close(end) }
    guard copies.allSatisfy({ $0 >= 0 }) else {
      for copy in copies where copy >= 0 { close(copy) }
      errno = number
      return nil
    }
    return (copies[0], copies[1])
  }
}

extension ProgramRun.Ending {
  /// What went wrong, in words for a person; `nil` when nothing did.
  /// - Parameter limit: the time limit that the program had.
  public func reason(limit: Duration) -> String? {
    switch cause {
    case .exit(0): nil
    case .exit(let code): "it ended with exit code \(code)"
    case .signal(let number): "it was ended by signal \(number) (\(String(cString: strsignal(number))))"
    case .timeOver: "it took longer than \(limit.components.seconds) s and was ended"
    case .cancelled: "it was ended, since the run is over"
    case .notStarted(let words): "it could not be started: \(words)"
    }
  }
}
