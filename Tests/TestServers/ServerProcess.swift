import Foundation
import Glibc
import Programs

/// Another program on this machine that a test talks to. It ends with its owner, and with this process, and its folder
/// and whatever it started go with it.
public final class ServerProcess: Sendable {
  private let name: String
  private let folder: TemporaryFolder
  private let started: PipedProcess

  /// - Parameters:
  ///   - words: the program by its path, and its arguments.
  ///   - folder: its current folder and its home, which goes with it.
  ///   - logs: whether what it says goes into a file of that folder, else to `firstLine` (standard error nowhere).
  public init(_ words: [String], in folder: TemporaryFolder, logs: Bool = false) throws {
    name = words.first.map { URL(filePath: $0).lastPathComponent } ?? ""
    self.folder = folder
    // Descriptor 3 ends when this process does, whatever ends it, or when the owner lets go.
    let guardian = """
      cd "$0" || exit 1
      \(logs ? "exec >log 2>&1" : "")
      "$@" 3<&- & child=$!
      { read -r _ <&3; : >over; kill -9 $child; } &
      wait $child
      [ -e over ] && rm -rf "$0"
      kill -9 0
      """
    started = try PipedProcess.start(
      ["/bin/sh", "-c", guardian, folder.path] + words,
      environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8"], reads: 3, writes: [1])
  }

  deinit {
    for end in [started.input, started.output] { close(end) }
    resume()
    // The guardian ends it with SIGKILL, so this takes a moment only.
    _ = started.process.reap()
  }

  /// Whether it has ended by itself.
  public var hasEnded: Bool { started.process.hasEnded }

  /// Lets it do nothing, not even end, until `resume`.
  public func pause() { kill(-started.process.identifier, SIGSTOP) }

  public func resume() { kill(-started.process.identifier, SIGCONT) }

  /// The first line that it says, without its end. The blocking calls have a thread of their own.
  public func firstLine() async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { [self] in
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(started.output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        if byte == UInt8(ascii: "\n") {
          continuation.resume(returning: String(decoding: line, as: UTF8.self))
        } else {
          continuation.resume(throwing: Failure(description: "\(name) ended before it said a line"))
        }
      }
    }
  }

  /// Why a server is not there, with what it said last.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
      self.description = description
    }
  }

  /// How long each try may take until it answers: a port may be taken when it comes to be used, and a machine that is only
  /// slow gets more time with each try.
  private static let patience: [Duration] = [.seconds(15), .seconds(15), .seconds(30), .seconds(60)]

  /// Starts a server and waits until it answers; another one, on other ports, if it ends or does not.
  public static func start<Server: TestServer>(
    _ start: @autoclosure () throws -> Server, until isReady: (Server) async throws -> Bool
  ) async throws -> Server {
    var words = ""
    for limit in patience {
      let server = try start()
      let end = ContinuousClock.now + limit
      while ContinuousClock.now < end, !server.process.hasEnded {
        if try await isReady(server) { return server }
        try await Task.sleep(for: .milliseconds(100))
      }
      words = "\(server.process.name) does not come up: \(server.process.log)"
    }
    throw Failure(description: words)
  }

  private var log: String {
    // What is gone already says nothing.
    let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
    return String(log.suffix(2000))
  }
}

/// Whatever is a server that runs as a process of its own.
public protocol TestServer: Sendable {
  var process: ServerProcess { get }
}
