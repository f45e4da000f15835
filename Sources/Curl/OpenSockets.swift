import CCurl
import Glibc

/// The sockets of all connections, those that wait for their next request too. Lives on the loop's thread only.
///
/// libcurl 7.88 names the socket of a transfer only after its end (`CURLINFO_ACTIVESOCKET`), and while it lasts the port.
final class OpenSockets {
  private var sockets: Set<curl_socket_t> = []

  /// Opens one that no program which is started meanwhile inherits, and would hold open after its transfer's end.
  func open(_ address: curl_sockaddr) -> curl_socket_t {
    let opened = Glibc.socket(
      address.family, address.socktype | Int32(SOCK_CLOEXEC.rawValue), address.protocol)
    guard opened >= 0 else { return CURL_SOCKET_BAD }
    sockets.insert(opened)
    return opened
  }

  func close(_ socket: curl_socket_t) -> Int32 {
    sockets.remove(socket)
    return Glibc.close(socket)
  }

  /// The socket of the connection from a port of this machine; `nil` if it has ended.
  func socket(from port: Int) -> curl_socket_t? {
    sockets.first { Self.port(of: $0) == port }
  }

  private static func port(of socket: curl_socket_t) -> Int? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { general in
        guard getsockname(socket, general, &length) == 0 else { return nil }
        switch Int32(general.pointee.sa_family) {
        case AF_INET:
          return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            Int(UInt16(bigEndian: $0.pointee.sin_port))
          }
        case AF_INET6:
          return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
            Int(UInt16(bigEndian: $0.pointee.sin6_port))
          }
        default: return nil
        }
      }
    }
  }
}
