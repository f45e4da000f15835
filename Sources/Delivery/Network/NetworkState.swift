import Curl
import Foundation

/// What of the network matters to open connections: this machine's addresses, and where packets go.
///
/// The kernel also tells of routes and addresses that are only announced again, every few seconds in some networks: those change nothing here.
struct NetworkState: Hashable {
  private let facts: Set<String>

  static func now() -> NetworkState {
    let routes =
      columns([0, 1, 2, 7], of: "/proc/net/route") + columns([0, 1, 4, 9], of: "/proc/net/ipv6_route")
    return NetworkState(facts: (LocalAddresses.now() ?? []).union(routes))
  }

  /// Interface, target and gateway of each route, without its counters (proc(5)).
  private static func columns(_ wanted: [Int], of path: String) -> [String] {
    // A file that a kernel without that protocol does not have.
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map { line in
      let fields = line.split(whereSeparator: \.isWhitespace)
      return wanted.filter { $0 < fields.count }.map { String(fields[$0]) }.joined(separator: " ")
    }
  }
}
