import CGNU
public import Foundation
import Glibc

/// A process that we started, with exactly the descriptors that it was given.
///
/// It has no signal blocked or ignored, whatever the thread had that started it.
public struct ChildProcess: Hashable, Sendable {
  /// Its number, which is its group's as well if it has one of its own. It is nobody else's until `reap`.
  public let identifier: Int32

  /// What one of its descriptors is.
  public enum Descriptor: Hashable, Sendable {
    /// `/dev/null`, for reading and writing.
    case nothing
    /// A copy of one of ours, such as the end of a `DescriptorPipe`; ours may not have a number that the child uses.
    case copy(of: Int32)
  }

  /// Starts a program.
  /// - Parameters:
  ///   - arguments: the program first, by its path or looked up in `PATH`. No shell is involved.
  ///   - environment: all of its variables; a NUL in a value ends the value.
  ///   - descriptors: what it has open, from 0 on: everything else is closed, also what a library of ours opened without
  ///     saying that nobody should inherit it.
  ///   - hasOwnGroup: whether it has a process group of its own: then Ctrl-C in the terminal is for us alone, and it can be
  ///     ended together with what it started.
  /// - Throws: `StartFailure` with the code `program`.
  public static func start(
    _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment,
    descriptors: [Descriptor], hasOwnGroup: Bool = true
  ) throws(StartFailure) -> ChildProcess {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in descriptors.enumerated() {
      switch descriptor {
      case .nothing: posix_spawn_file_actions_addopen(&actions, Int32(number), "/dev/null", O_RDWR, 0)
      case .copy(let own): posix_spawn_file_actions_adddup2(&actions, own, Int32(number))
      }
    }
    gnu_close_from(&actions, Int32(descriptors.count))
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    let group = hasOwnGroup ? POSIX_SPAWN_SETPGROUP : 0
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
    var words = arguments.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + variables { free(word) } }
    var identifier: pid_t = 0
    let result = posix_spawnp(
      &identifier, arguments.first ?? "", &actions, &attributes, &words, &variables)
    guard result == 0 else { throw StartFailure(.program, number: result) }
    return ChildProcess(identifier: identifier)
  }

  /// Whether it has ended. Its number stays its own.
  public var hasEnded: Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT | WNOHANG) == 0
      && information.si_signo == SIGCHLD
  }

  /// Waits for its end, blocking this thread. Its number stays its own.
  public func waitForEnd() {
    var information = siginfo_t()
    while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
  }

  /// Waits for its end, blocking this thread, and gives its number back: nothing may be sent to it any more. Once only.
  public func reap() -> ProcessEnd {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    let signal = status & 0x7f
    return signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
  }
}
