import Foundation
import Model
import NIOCore

/// The text of an event stream (WHATWG HTML, section 9.2).
enum ServerSentEvent {
  /// A change of a frame: its number as the id, the frame as the data, the default event type.
  static func frame(_ frame: AlbumFrame) throws -> ByteBuffer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Compact JSON has no line break, so one data line holds it.
    let json = try encoder.encode(frame)
    var buffer = ByteBuffer()
    buffer.writeString("id: \(frame.seq)\ndata: ")
    buffer.writeBytes(json)
    buffer.writeString("\n\n")
    return buffer
  }

  /// How a stream begins: after how many milliseconds to connect again, and, for a client that has seen nothing yet, from
  /// where. An id without data moves the client's position and calls nobody.
  static func opening(retry milliseconds: Int, position: Int64) -> ByteBuffer {
    ByteBuffer(string: "retry: \(milliseconds)\nid: \(position)\n\n")
  }

  /// A comment: shows both sides, and every proxy between, that the connection lives.
  static let heartbeat = ByteBuffer(string: ": \n\n")

  /// Where a client wants to go on: its `Last-Event-ID` header, which a browser sends when it connects again, before the
  /// query of the first address. `nil` where neither is a number.
  static func position(header: String?, query: String?) -> Int64? {
    [header, query].compactMap { $0.flatMap { Int64($0) } }.first { $0 >= 0 }
  }
}
