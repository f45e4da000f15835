import Foundation
import TestServers

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

  private let listener: LoopbackListener

  /// - Parameter answer: runs on a thread of its connection. It reads the request's body by calling its second argument;
  ///   `nil` resets the connection.
  init(_ answer: @escaping @Sendable (Request, () -> [UInt8]) -> Answer?) throws {
    listener = try LoopbackListener()
    listener.serve { connection in
      Thread.detachNewThread { Self.serve(connection, answer) }
    }
  }

  deinit {
    listener.end()
  }

  var port: UInt16 { listener.port }

  private static func serve(_ client: Int32, _ answer: (Request, () -> [UInt8]) -> Answer?) {
    while let request = readHead(client) {
      let length = Int(request.fields["content-length"] ?? "") ?? 0
      var isRead = length == 0
      let answer = answer(request) {
        defer { isRead = true }
        return isRead ? [] : read(length, client)
      }
      guard let answer else { return LoopbackListener.reset(client) }
      if !isRead { _ = read(length, client) }
      let body = request.method == "HEAD" ? "" : answer.body
      let lines =
        ["HTTP/1.1 \(answer.status) As Scripted", "Content-Length: \(answer.body.utf8.count)"]
        + answer.headers
      let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
      guard send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { break }
    }
    close(client)
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
}
