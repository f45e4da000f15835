import Curl
import Foundation

/// Where an album server listens: `HOST:PORT`, `[IPv6]:PORT`, `:PORT` or `PORT`.
struct ListenAddress: Hashable, Sendable {
  var host: String
  /// 0 lets the system choose.
  var port: Int

  /// The embedded album's own port: the same in every run, so that a link that was shared goes on working.
  static let embedded = ListenAddress(host: "127.0.0.1", port: 7420)

  /// What is said to somebody whose address is none.
  static let needed = "HOST:PORT is needed, such as 127.0.0.1:7420 or 0.0.0.0:7420."

  /// `nil` for what is no address.
  init?(_ text: String) {
    let port: Substring
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard rest.hasPrefix(":") else { return nil }
      port = rest.dropFirst()
    } else if let colon = text.lastIndex(of: ":") {
      host = String(text[..<colon])
      guard !host.contains(":") else { return nil }
      port = text[text.index(after: colon)...]
    } else {
      host = ""
      port = text[...]
    }
    guard let number = Int(port), (0...65535).contains(number) else { return nil }
    if host.isEmpty { host = "127.0.0.1" }
    self.port = number
  }

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// How this machine itself reaches a server that listens here on `port`.
  func local(port: Int) -> URL {
    switch host {
    case "0.0.0.0", "*": Self.url(host: "127.0.0.1", port: port)
    case "::": Self.url(host: "::1", port: port)
    default: Self.url(host: host, port: port)
    }
  }

  /// How guests reach it: for all interfaces, this machine's first address that is not loopback.
  func shown(port: Int) -> URL {
    guard host == "0.0.0.0" || host == "::" || host == "*" else { return Self.url(host: host, port: port) }
    return Self.url(host: LocalAddresses.firstReachable() ?? "127.0.0.1", port: port)
  }

  private static func url(host: String, port: Int) -> URL {
    var components = URLComponents()
    components.scheme = "http"
    components.host = host.contains(":") ? "[\(host)]" : host
    components.port = port
    guard let url = components.url else {
      preconditionFailure("a host that could be listened on makes a URL")
    }
    return url
  }
}
