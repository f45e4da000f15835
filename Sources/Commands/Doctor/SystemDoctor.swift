import Foundation
import Glibc

/// The system's part in sending: congestion control, proxies, a network at all.
struct SystemDoctor: Sendable {
  let network: NetworkSettings
  let environment: [String: String]

  func findings() -> [DoctorFinding] {
    [addresses(), congestionControl(), proxy()]
  }

  private func addresses() -> DoctorFinding {
    let routes =
      Self.lines("/proc/net/route").dropFirst().contains {
        $0.split(separator: "\t").dropFirst().first == "00000000"
      }
      || Self.lines("/proc/net/ipv6_route").contains {
        $0.hasPrefix(String(repeating: "0", count: 32) + " 00") && !$0.hasSuffix("lo")
      }
    return routes
      ? .good("network", "There is a route to the internet.")
      : .note(
        "network", "There is no route to the internet.",
        "Albums of this machine work; others wait until there is a network.")
  }

  private func congestionControl() -> DoctorFinding {
    guard let wanted = network.congestionControl else {
      return .good("congestion", "The system's own is used, as configured.")
    }
    let allowed = Self.lines("/proc/sys/net/ipv4/tcp_allowed_congestion_control").first ?? ""
    if allowed.split(separator: " ").map(String.init).contains(wanted) || geteuid() == 0 {
      return .good(
        "congestion", "\(wanted) may be used: a network that loses packets is filled all the same.")
    }
    return .note(
      "congestion", "\(wanted) may not be used here, so a network that loses packets is filled less well.",
      "make install places 60-pixcheese.conf in sysctl.d; then, as root: modprobe tcp_bbr && sysctl --system")
  }

  private func proxy() -> DoctorFinding {
    let names = ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"]
    let set = names.compactMap { name in
      environment[name].flatMap { $0.isEmpty ? nil : "\(name)=\(Self.withoutPassword($0))" }
    }
    return .good("proxy", set.isEmpty ? "None is set." : "\(set.joined(separator: ", ")) is used.")
  }

  /// A proxy's address without the name and password that may stand in it.
  static func withoutPassword(_ address: String) -> String {
    address.replacing(#/^([a-zA-Z0-9]+:\/\/)?[^\/]*@/#) { "\($0.1 ?? "")…@" }
  }

  private static func lines(_ path: String) -> [String] {
    // A file that a kernel without that protocol does not have.
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").map(String.init) ?? []
  }
}
