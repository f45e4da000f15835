import CGNU
import Foundation
import Glibc

/// A TCP socket on the loopback interface, used with blocking calls from threads of our own.
///
/// It is closed when the last reference goes; `shutDown()` ends it earlier without giving up the descriptor,
/// so that no other thread can hit one that was used again.
final class Socket: Sendable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    Glibc.close(descriptor)
  }

  /// Listens on 127.0.0.1; port 0 lets the kernel choose.
  static func listening(on port: UInt16) throws(CameraSimulatorError) -> Socket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("a socket cannot be opened") }
    let listener = Socket(descriptor: descriptor)
    listener.setOption(SOL_SOCKET, SO_REUSEADDR)
    var address = loopback(port)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0 else { throw failure("port \(port) cannot be used") }
    guard listen(descriptor, 64) == 0 else { throw failure("port \(port) cannot be listened on") }
    return listener
  }

  /// Connects to a port of this machine.
  static func connected(to port: UInt16) throws(CameraSimulatorError) -> Socket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure("a socket cannot be opened") }
    let connection = Socket(descriptor: descriptor)
    var address = loopback(port)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw failure("port \(port) cannot be connected to") }
    connection.setOption(Int32(IPPROTO_TCP), TCP_NODELAY)
    return connection
  }

  /// The port that the socket is bound to.
  var port: UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  /// The next connection; `nil` once the listener is shut down.
  func accept() -> Socket? {
    while true {
      let connection = gnu_accept(descriptor)
      if connection >= 0 {
        let socket = Socket(descriptor: connection)
        socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY)
        return socket
      }
      // A connection that ended before it was accepted is no reason to stop; neither is a lack of descriptors.
      switch errno {
      case EINTR, ECONNABORTED: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: Thread.sleep(forTimeInterval: 0.05)
      default: return nil
      }
    }
  }

  /// Ends the connection for both sides; calls that wait in other threads return.
  func shutDown() {
    Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
  }

  /// Whether the other side has closed the connection and everything it sent has been read.
  var isAbandoned: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  /// Reads exactly that many bytes; `nil` if the connection ends before.
  func receive(_ count: Int) -> [UInt8]? {
    var isWhole = true
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        let read = recv(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, 0)
        if read > 0 {
          filled += read
        } else if read == 0 || errno != EINTR {
          isWhole = false
          return
        }
      }
    }
    return isWhole ? bytes : nil
  }

  /// Writes all bytes.
  /// - Parameter isFollowed: more comes at once, so a packet need not be sent for this alone.
  /// - Returns: whether the connection still stands.
  func send(_ bytes: [UInt8], isFollowed: Bool = false) -> Bool {
    bytes.withUnsafeBytes { send($0, flags: isFollowed ? Int32(MSG_MORE) : 0) }
  }

  /// Writes without waiting; what does not fit counts as a failure.
  func sendAtOnce(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        == bytes.count
    }
  }

  /// Writes a part of an object from where it lies, without copying it.
  func send(_ content: ObjectContent, _ range: Range<Int>) -> Bool {
    for (piece, part) in content.slices(of: range) {
      let isSent =
        switch piece {
        case .bytes(let bytes):
          bytes.withUnsafeBytes { send(UnsafeRawBufferPointer(rebasing: $0[part]), flags: 0) }
        case .filling:
          ObjectContent.zeros.withUnsafeBytes { zeros in
            stride(from: 0, to: part.count, by: zeros.count).allSatisfy { start in
              send(UnsafeRawBufferPointer(rebasing: zeros.prefix(part.count - start)), flags: 0)
            }
          }
        case .file(let url, _):
          send(file: url, part)
        }
      guard isSent else { return false }
    }
    return true
  }

  private func send(_ buffer: UnsafeRawBufferPointer, flags: Int32) -> Bool {
    var sent = 0
    while sent < buffer.count {
      let written = Glibc.send(
        descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent,
        flags | Int32(MSG_NOSIGNAL))
      if written > 0 {
        sent += written
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  private func send(file: URL, _ range: Range<Int>) -> Bool {
    let source = open(file.path, O_RDONLY | O_CLOEXEC)
    guard source >= 0 else { return false }
    defer { Glibc.close(source) }
    var offset = off_t(range.lowerBound)
    while offset < range.upperBound {
      let written = sendfile(descriptor, source, &offset, range.upperBound - Int(offset))
      // 0: the file has become shorter than the camera has said.
      guard written > 0 || (written < 0 && errno == EINTR) else { return false }
    }
    return true
  }

  private func setOption(_ level: Int32, _ option: Int32) {
    var on: Int32 = 1
    setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func failure(_ message: String) -> CameraSimulatorError {
    CameraSimulatorError(.socket, "\(message): \(String(cString: strerror(errno)))")
  }
}
