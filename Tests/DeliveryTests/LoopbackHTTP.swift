import Foundation
import Synchronization

/// An HTTP server on a loopback port that answers each request as its test says.
final class LoopbackHTTP: Sendable {
  struct Request: Sendable {
    var method: String
    /// As it came, with its query.
    var target: String
    /// By their names in small letters.
    var fields: [String: String]
  }

  struct Answer: Sendable {
    var status: Int
    var headers: [String] = []
    var body = ""
  }

  let port: UInt16
  private let listener: Int32

  /// - Parameter answer: runs on a thread of its connection. It reads the request's body by calling its second argument;
  ///   `nil` resets the connection.
  init(_ answer: @escaping @Sendable (Request, () -> [UInt8]) -> Answer?) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) | listen(listener, 64) | getsockname(listener, pointer, &length)
      }
    }
    guard listener >= 0, result == 0 else { throw POSIXError(.EADDRINUSE) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread {
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        // A program that another test starts meanwhile must not hold the connection open.
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        Thread {
          Self.serve(client, answer)
          close(client)
        }.start()
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(_ client: Int32, _ answer: (Request, () -> [UInt8]) -> Answer?) {
    while let request = readHead(client) {
      let length = Int(request.fields["content-length"] ?? "") ?? 0
      var isRead = length == 0
      let answer = answer(request) {
        defer { isRead = true }
        return isRead ? [] : read(length, client)
      }
      guard let answer else { return reset(client) }
      if !isRead { _ = read(length, client) }
      let body = request.method == "HEAD" ? "" : answer.body
      let lines =
        ["HTTP/1.1 \(answer.status) As Scripted", "Content-Length: \(answer.body.utf8.count)"]
        + answer.headers
      let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
      guard send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
    }
  }

  private static func readHead(_ client: Int32) -> Request? {
    var bytes: [UInt8] = []
    while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
      let byte = read(1, client)
      guard !byte.isEmpty else { return nil }
      bytes += byte
    }
    let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
    }
    return Request(method: String(words[0]), target: String(words[1]), fields: fields)
  }

  private static func read(_ count: Int, _ client: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 64 << 10))
    while bytes.count < count {
      let received = recv(client, &buffer, min(buffer.count, count - bytes.count), 0)
      guard received > 0 else { break }
      bytes += buffer[..<received]
    }
    return bytes
  }

  /// Closes (with the descriptor) so that the peer sees a reset.
  private static func reset(_ client: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }
}
