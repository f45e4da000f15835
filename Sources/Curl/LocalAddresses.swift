import Glibc

/// The addresses that this machine has now, as text.
public enum LocalAddresses {
  /// - Returns: `nil` where the system does not say.
  public static func now() -> Set<String>? {
    guard let all = all() else { return nil }
    return Set(all.map(\.text))
  }

  /// The first IPv4 address of this machine that others can reach.
  public static func firstReachable() -> String? {
    all()?.first { address in
      address.family == AF_INET && address.flags & UInt32(IFF_UP) != 0
        && address.flags & UInt32(IFF_LOOPBACK) == 0
    }?.text
  }

  private struct Address {
    var family: Int32
    /// Of its interface: `IFF_UP` and so on.
    var flags: UInt32
    var text: String
  }

  private static func all() -> [Address]? {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return nil }
    defer { freeifaddrs(first) }
    var addresses: [Address] = []
    var entry = first
    while let interface = entry?.pointee {
      if let address = interface.ifa_addr, let text = text(address) {
        addresses.append(
          Address(
            family: Int32(address.pointee.sa_family), flags: interface.ifa_flags, text: text))
      }
      entry = interface.ifa_next
    }
    return addresses
  }

  private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
    let family = Int32(address.pointee.sa_family)
    let length: Int
    switch family {
    case AF_INET: length = MemoryLayout<sockaddr_in>.size
    case AF_INET6: length = MemoryLayout<sockaddr_in6>.size
    default: return nil
    }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard
      getnameinfo(
        address, socklen_t(length), &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0
    else { return nil }
    // A link-local address carries its interface after a percent sign, which libcurl leaves out.
    return String(
      decoding: name.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map(UInt8.init(bitPattern:)),
      as: UTF8.self)
  }
}
