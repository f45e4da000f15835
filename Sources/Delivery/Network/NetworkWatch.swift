public import Foundation
import Glibc
import Synchronization

/// Tells when this machine's addresses or routes change, as the kernel's rtnetlink says it (rtnetlink(7)).
///
/// A thread of its own reads the socket. It ends with its owner.
public final class NetworkWatch: Sendable {
  /// Ticks after something changed; what changes together ticks once. One reader.
  public let changes: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation
  private let socket: Int32
  /// Closing this end wakes the thread for its end.
  private let stop: Int32

  /// Changes come in flocks (an address, its routes, a default route); so long nothing may follow before they are told.
  private static let calm: Int32 = 250

  /// - Throws: `POSIXError` where the kernel gives no such socket (a sandbox without AF_NETLINK).
  public init() throws(POSIXError) {
    let socket = Glibc.socket(
      AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Netlink.route)
    guard socket >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    var address = Netlink.address(groups: Netlink.groups)
    let bound = address.withUnsafeMutableBytes { bytes in
      bytes.baseAddress.map {
        bind(socket, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
      }
    }
    var ends: [Int32] = [-1, -1]
    guard bound == 0,
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
    else {
      let reason = POSIXErrorCode(rawValue: errno) ?? .EIO
      close(socket)
      throw POSIXError(reason)
    }
    self.socket = socket
    stop = ends[1]
    (changes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    let (stopped, continuation) = (ends[0], continuation)
    let thread = Thread {
      Self.read(socket, until: stopped) { continuation.yield() }
      close(socket)
      close(stopped)
      continuation.finish()
    }
    thread.name = "network watch"
    thread.start()
  }

  deinit {
    close(stop)
  }

  private static func read(_ socket: Int32, until stopped: Int32, _ changed: () -> Void) {
    var buffer = [UInt8](repeating: 0, count: 32 << 10)
    var isPending = false
    var state = NetworkState.now()
    while true {
      var entries = [
        pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stopped, events: Int16(POLLIN), revents: 0),
      ]
      let count = poll(&entries, 2, isPending ? calm : -1)
      if count < 0 {
        if errno == EINTR { continue }
        return
      }
      if entries[1].revents != 0 { return }
      if count == 0 {
        isPending = false
        let now = NetworkState.now()
        if now != state { changed() }
        state = now
        continue
      }
      let length = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if length < 0 {
        // The kernel dropped messages for want of room: something changed, whatever it was.
        if errno == ENOBUFS { isPending = true }
        if [EINTR, EAGAIN, ENOBUFS].contains(errno) { continue }
        return
      }
      if Netlink.tellsOfChange(buffer[..<length]) { isPending = true }
    }
  }
}

/// What of rtnetlink is used here; the numbers are of linux/netlink.h and linux/rtnetlink.h.
enum Netlink {
  /// `NETLINK_ROUTE`
  static let route: Int32 = 0
  /// `RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV4_ROUTE`, `RTMGRP_IPV6_IFADDR`, `RTMGRP_IPV6_ROUTE`. Links themselves are left out: radios
  /// tell of every scan.
  static let groups: UInt32 = 0x10 | 0x40 | 0x100 | 0x400

  /// A `struct sockaddr_nl`: family, padding, port (0: the kernel chooses), groups.
  static func address(groups: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt16(AF_NETLINK)) { bytes += $0 }
    bytes += [0, 0, 0, 0, 0, 0]
    withUnsafeBytes(of: groups) { bytes += $0 }
    return bytes
  }

  /// Whether one of a datagram's messages is of an address or a route that came or went.
  static func tellsOfChange(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    // struct nlmsghdr: length with header, type, flags, sequence number, port; messages begin at multiples of four.
    while rest.count >= 16 {
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      let type = rest.dropFirst(4).prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) }
      if types.contains(type) { return true }
      guard length >= 16 else { return false }
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return false
  }

  /// `RTM_NEWADDR`, `RTM_DELADDR`, `RTM_NEWROUTE`, `RTM_DELROUTE`
  private static let types: Set<Int> = [20, 21, 24, 25]
}
