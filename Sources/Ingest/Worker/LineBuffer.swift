import Foundation

/// Gathers bytes from a pipe and cuts them into lines. A pure value: no descriptor is touched here.
struct LineBuffer {
  /// A line is longer than the protocol allows.
  struct LineTooLong: Error, Hashable {
    let limit: Int
  }

  private var pending: [UInt8] = []
  private let limit: Int

  init(limit: Int = WorkerProtocol.longestLine) {
    self.limit = limit
  }

  /// Takes the next bytes.
  /// - Returns: the lines that are complete now, without their ends.
  /// - Throws: `LineTooLong`; the stream is then of no use any more.
  mutating func append(_ bytes: some Collection<UInt8>) throws(LineTooLong) -> [Data] {
    var lines: [Data] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      pending.append(contentsOf: rest[..<end])
      guard pending.count <= limit else { throw LineTooLong(limit: limit) }
      lines.append(Data(pending))
      pending.removeAll(keepingCapacity: true)
      rest = rest[rest.index(after: end)...]
    }
    pending.append(contentsOf: rest)
    guard pending.count <= limit else { throw LineTooLong(limit: limit) }
    return lines
  }
}

/// One message as a line.
enum MessageCoding {
  static func line(_ message: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    // JSON escapes control characters, so the message has no line end of its own.
    return Array(try encoder.encode(message)) + [UInt8(ascii: "\n")]
  }

  static func message<Message: Decodable>(_ type: Message.Type, in line: Data) throws -> Message {
    try JSONDecoder().decode(type, from: line)
  }
}
