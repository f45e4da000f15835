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
  /// Variables of ours that it does not get.
  public var withheld: Set<String>
  /// What it reads from standard input; not reading it is no fault.
  public var input: [UInt8]
  /// After so long the group is asked to end (SIGTERM).
  public var timeLimit: Duration
  /// And so much later it is ended (SIGKILL).
  public var grace: Duration

  public init(
    _ arguments: [String], environment: [String: String] = [:], withheld: Set<String> = secrets,
    input: [UInt8] = [], timeLimit: Duration, grace: Duration = .seconds(2)
  ) {
    self.arguments = arguments
    self.environment = environment
    self.withheld = withheld
    self.input = input
    self.timeLimit = timeLimit
    self.grace = grace
  }

  /// The variables in which a token and a bucket's keys are given to us.
  public static let secrets: Set<String> = [
    "PIXCHEESE_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
  ]

  /// How a run came to its end.
  public struct Ending: Sendable {
    /// What ended it.
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

    /// Whether it ended by itself with exit code 0.
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
    do throws(StartFailure) {
      let started = try PipedProcess.start(
        arguments, environment: variables(), writes: [STDOUT_FILENO, STDERR_FILENO])
      var program = RunningProgram(started)
      return program.follow(self, isCancelled: isCancelled)
    } catch {
      return Ending(cause: .notStarted(error.description), lastLines: "")
    }
  }

  private func variables() -> [String: String] {
    ProcessInfo.processInfo.environment.filter { !withheld.contains($0.key) }.merging(environment) { $1 }
  }
}

extension ProgramRun.Ending {
  /// What went wrong, in words for a person; `nil` when nothing did.
  /// - Parameter limit: the time limit that the program had.
  public func reason(limit: Duration) -> String? {
    switch cause {
    case .exit(0): nil
    case .exit(let code): "it ended with \(ProcessEnd.exit(code))"
    case .signal(let number): "it was ended by \(ProcessEnd.signal(number))"
    case .timeOver: "it took longer than \(limit.components.seconds) s and was ended"
    case .cancelled: "it was ended, since the run is over"
    case .notStarted(let words): "it could not be started: \(words)"
    }
  }
}
