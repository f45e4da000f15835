import Foundation
import Glibc
import Programs
import Synchronization

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
    var process: ChildProcess?
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
    guard let text = try? String(contentsOfFile: "/proc/\(process.identifier)/statm", encoding: .utf8) else {
      return nil
    }
    return text.split(separator: " ").dropFirst().first.flatMap { Int64($0) }.map {
      $0 * Int64(getpagesize())
    }
  }

  private static func end(_ state: inout State) {
    // The number is the worker's own until it has been waited for, which happens under the same lock.
    if let process = state.process { Glibc.kill(process.identifier, SIGKILL) }
  }

  private func run(_ arguments: [String]) {
    do {
      // libgphoto2 prints to standard error what it also answers: nobody listens there.
      let worker = try PipedProcess.start(
        arguments, reads: WorkerProtocol.commands, writes: [WorkerProtocol.reports])
      // A worker that does not read must not stop us.
      _ = fcntl(worker.input, F_SETFL, O_NONBLOCK)
      state.withLock { $0 = State(process: worker.process, input: worker.input) }
      read(worker.output)
      close(worker.output)
      receive(.ended(wait(for: worker.process)))
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
  private func wait(for process: ChildProcess) -> String {
    process.waitForEnd()
    return state.withLock { state in
      let end = process.reap()
      state.process = nil
      if let input = state.input { close(input) }
      state.input = nil
      return end.description
    }
  }
}
