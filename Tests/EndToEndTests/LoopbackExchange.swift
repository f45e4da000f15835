import Foundation
import Glibc
import TestServers

/// One HTTP request to a server on this machine, and its answer.
///
/// `URLSession` on Linux refuses chromedriver's answers ("Failed writing header", Swift 6.3.1): it wants a
/// space after a header's colon, which RFC 9112 section 5 makes optional and chromedriver leaves out.
struct LoopbackExchange {
  let port: UInt16

  struct Answer: Equatable {
    let status: Int
    let body: Data
  }

  /// Sends a request with a JSON body, or with none. The blocking calls have a thread of their own.
  func send(_ method: String, _ path: String, _ body: Data?) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(method, path, body ?? Data()) })
      }
    }
  }

  private func exchange(_ method: String, _ path: String, _ body: Data) throws -> Answer {
    let descriptor = try LoopbackListener.connect(to: port)
    defer { close(descriptor) }
    let head = """
      \(method) \(path) HTTP/1.1\r
      Host: 127.0.0.1:\(port)\r
      Content-Type: application/json; charset=utf-8\r
      Content-Length: \(body.count)\r
      \r\n
      """
    try write(Data(head.utf8) + body, to: descriptor)
    return try read(from: descriptor)
  }

  private func write(_ bytes: Data, to descriptor: Int32) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw LoopbackFailure(step: "send", number: errno) }
      rest = rest.dropFirst(count)
    }
  }

  private func read(from descriptor: Int32) throws -> Answer {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let answer = Self.parse(received) { return answer }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw LoopbackFailure(step: "receive", number: count == 0 ? ECONNRESET : errno) }
      received.append(contentsOf: buffer[..<count])
    }
  }

  /// The answer, once it is there as a whole; `Content-Length` says how much that is.
  static func parse(_ received: Data) -> Answer? {
    guard let end = received.firstRange(of: Data("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    let length =
      lines.dropFirst().lazy.compactMap { line -> Int? in
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
        return Int(parts[1].trimmingCharacters(in: .whitespaces))
      }.first ?? 0
    let body = received[end.upperBound...]
    guard words.count >= 2, let status = Int(words[1]), body.count >= length else { return nil }
    return Answer(status: status, body: Data(body.prefix(length)))
  }
}
