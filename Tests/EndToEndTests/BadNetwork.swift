import Foundation
import Glibc

/// A bad network between a program and a server of this machine, made by badnet.
///
/// badnet runs its command in a network namespace of its own, behind two TUN devices that it shapes. It lies beside the
/// repository, or `PIXCHEESE_BADNET` names it; it needs root and /dev/net/tun.
struct BadNetwork: Sendable {
  /// badnet's words for the link, `["--up", "2mbit", …]`.
  let link: [String]
  /// The far end's address, of this network alone.
  let address: String

  private static let tool: URL = {
    let named = ProcessInfo.processInfo.environment["PIXCHEESE_BADNET"]
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return named.map { URL(filePath: $0) }
      ?? root.deletingLastPathComponent().appending(path: "shared/tools/badnet")
  }()

  static let isPossible =
    geteuid() == 0 && FileManager.default.isExecutableFile(atPath: tool.path)
    && access("/dev/net/tun", R_OK | W_OK) == 0

  /// - Parameter link: one string as it is typed.
  init(_ link: String) {
    self.link = link.split(separator: " ").map(String.init)
    // Many tests may run at once on one machine: a network each. 100.64.0.0/10 is nobody's host (RFC 6598).
    address = "100.\(Int.random(in: 64...127)).\(Int.random(in: 0...254)).1"
  }

  /// Starts `pixcheese COMMAND… --home HOME --json` behind the link.
  func start(_ arguments: [String], in home: Home, environment: [String: String]) throws -> Program {
    let command = [Home.pixcheese.path] + arguments + ["--home", home.path, "--json"]
    return try Program(
      Self.tool, link + ["--server", address, "--report", "--"] + command, environment: environment)
  }

  /// Bytes of packets that went up, as badnet's report says when its command has ended.
  static func bytesUp(of program: Program) throws -> Int {
    guard let match = program.words.firstMatch(of: #/badnet: up \d+ packets, (\d+) bytes/#),
      let bytes = Int(match.1)
    else { throw program.failure("badnet has not reported") }
    return bytes
  }

  /// The number of the program that badnet runs: the youngest of its line of children.
  static func command(of badnet: Program) throws -> pid_t? {
    let parents = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
      .reduce(into: [pid_t: pid_t]()) { parents, number in
        // A process that has ended meanwhile has no parent to tell.
        guard let stat = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8) else { return }
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        if fields.count > 1, let parent = pid_t(fields[1]) { parents[parent] = number }
      }
    return parents[badnet.identifier]
  }
}
