import Foundation
import Synchronization
import TestServers

/// A server on a loopback port that does to each connection exactly what its test says.
final class ScriptedServer: Sendable {
  private let listener: LoopbackListener
  private let accepted = Mutex(0)

  /// - Parameter script: runs on a thread of its own for each connection, with the connection's number from 0.
  init(_ script: @escaping @Sendable (Connection, Int) -> Void) throws {
    listener = try LoopbackListener()
    listener.serve { [weak self] descriptor in
      let connection = Connection(descriptor)
      guard let self else { return }
      let number = self.accepted.withLock { count in
        count += 1
        return count - 1
      }
      Thread { script(connection, number) }.start()
    }
  }

  deinit {
    listener.end()
  }

  var port: UInt16 { listener.port }

  /// How many connections have come so far.
  var connections: Int { accepted.withLock { $0 } }

  /// The sockets of this process that are connected to it.
  var clientSockets: [Int32] { (0..<Int32(4096)).filter { Self.peerPort(of: $0) == port } }

  private static func peerPort(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
    }
    return result == 0 && address.sin_family == sa_family_t(AF_INET)
      ? UInt16(bigEndian: address.sin_port) : nil
  }

  func url(_ path: String = "/") -> URL {
    URL(string: "http://127.0.0.1:\(port)\(path)")!
  }
}

/// One accepted connection, used with calls that block.
final class Connection: Sendable {
  private let descriptor: Int32
  private let pending = Mutex<[UInt8]>([])
  private let isOpen = Mutex(true)

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    end()
  }

  /// A request's header as it came; `nil` when the peer has closed.
  func readHead() -> String? {
    var bytes: [UInt8] = []
    while let byte = read(1).first {
      bytes.append(byte)
      if bytes.suffix(4) == [13, 10, 13, 10] { return String(decoding: bytes, as: UTF8.self) }
    }
    return nil
  }

  /// So many bytes, or fewer when the peer has closed.
  func read(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if pending.withLock({ $0.isEmpty }) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let received = recv(descriptor, &buffer, buffer.count, 0)
        guard received > 0 else { return bytes }
        pending.withLock { $0 = Array(buffer[..<received]) }
      }
      pending.withLock { pending in
        let part = pending.prefix(count - bytes.count)
        bytes.append(contentsOf: part)
        pending.removeFirst(part.count)
      }
    }
    return bytes
  }

  /// Whether bytes are there to be read now, or come within a moment.
  func hasBytes(within milliseconds: Int32) -> Bool {
    if !pending.withLock({ $0.isEmpty }) { return true }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }

  func write(_ text: String) {
    var bytes = Array(text.utf8)
    while !bytes.isEmpty {
      let sent = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      guard sent > 0 else { return }
      bytes.removeFirst(sent)
    }
  }

  func answer(_ status: String, _ headers: [String] = [], body: String = "") {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
    write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
  }

  /// Closes so that the peer sees a reset.
  func reset() {
    isOpen.withLock { isOpen in
      if isOpen { LoopbackListener.reset(descriptor) }
      isOpen = false
    }
  }

  func end() {
    isOpen.withLock { isOpen in
      if isOpen { close(descriptor) }
      isOpen = false
    }
  }
}

/// The value of a header field in a request as it came.
func field(_ name: String, in head: String) -> String? {
  for line in head.components(separatedBy: "\r\n").dropFirst() {
    let parts = line.split(separator: ":", maxSplits: 1)
    if parts.count == 2, parts[0].lowercased() == name.lowercased() {
      return parts[1].trimmingCharacters(in: .whitespaces)
    }
  }
  return nil
}

/// A file of pseudo-random bytes that is removed with its owner.
final class TemporaryFile {
  let url = FileManager.default.temporaryDirectory.appending(path: "pixcheese-\(UUID().uuidString)")
  let bytes: [UInt8]

  init(count: Int) throws {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0.prefix(count - bytes.count)) }
    }
    self.bytes = bytes
    try Data(bytes).write(to: url)
  }

  deinit {
    unlink(url.path)
  }
}
