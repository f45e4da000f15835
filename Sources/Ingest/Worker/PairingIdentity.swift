import Foundation
import Glibc
import Model

/// Who this computer is to cameras on a network. Many pair with a computer once, in their menu, and let no other in: it is the
/// same for every worker and every home, and is kept nowhere.
enum PairingIdentity {
  /// 16 bytes.
  static var guid: [UInt8] { guid(of: machine) }

  /// machine-id(5) is to be told nobody as it is, and what is made of it is to be of use for one purpose.
  static func guid(of machine: String) -> [UInt8] {
    Array(ContentHash(of: Data("pixcheese PTP/IP \(machine)".utf8)).bytes.prefix(16))
  }

  /// The machine's name where it has no machine-id, as in some containers.
  private static var machine: String {
    let id = FileManager.default.contents(atPath: "/etc/machine-id").map {
      String(decoding: $0, as: UTF8.self)
    }
    let line = id?.split(whereSeparator: \.isNewline).first.map(String.init)
    if let line { return line }
    var names = utsname()
    uname(&names)
    return withUnsafeBytes(of: names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
