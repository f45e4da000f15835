import CGNU
import Foundation
import Glibc

/// A TCP socket that listens on loopback.
///
/// Neither it nor a connection of it is inherited by programs that other tests start meanwhile: one that held a connection
/// open would keep the other side from ever seeing its end.
public final class LoopbackListener: Sendable {
  public let port: UInt16
  private let descriptor: Int32

  /// - Parameter port: 0 lets the kernel choose.
  public init(port: UInt16 = 0) throws(LoopbackFailure) {
    let descriptor = try Self.socket()
    var address = Self.address(port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, length) | listen(descriptor, 128)
          | getsockname(descriptor, pointer, &length)
      }
    }
    guard result == 0 else {
      let number = errno
      close(descriptor)
      throw LoopbackFailure(step: "listen at port \(port)", number: number)
    }
    self.descriptor = descriptor
    self.port = UInt16(bigEndian: address.sin_port)
  }

  deinit {
    close(descriptor)
  }

  /// Gives each connection to `serve`, on a thread of its own, until `end`. `serve` closes it.
  public func serve(_ serve: @escaping @Sendable (Int32) -> Void) {
    Thread.detachNewThread { [self] in
      while true {
        let connection = gnu_accept(descriptor)
        if connection >= 0 {
          serve(connection)
        } else if errno != EINTR, errno != ECONNABORTED {
          return
        }
      }
    }
  }

  /// Takes no more connections.
  public func end() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// A connection to a port; whoever asks for it closes it.
  public static func connect(to port: UInt16) throws(LoopbackFailure) -> Int32 {
    let descriptor = try socket()
    var address = address(port)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let number = errno
      close(descriptor)
      throw LoopbackFailure(step: "connect to port \(port)", number: number)
    }
    return descriptor
  }

  /// Closes a connection so that the other side sees a reset.
  public static func reset(_ connection: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close(connection)
  }

  private static func socket() throws(LoopbackFailure) -> Int32 {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw LoopbackFailure(step: "socket", number: errno) }
    return descriptor
  }

  private static func address(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}

/// Why a socket on loopback could not be had; the message names the step.
public struct LoopbackFailure: Error, CustomStringConvertible {
  let step: String
  let number: Int32

  public init(step: String, number: Int32) {
    self.step = step
    self.number = number
  }

  public var description: String { "127.0.0.1, \(step): \(String(cString: strerror(number)))" }
}
