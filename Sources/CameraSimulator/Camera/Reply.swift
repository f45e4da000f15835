/// What a camera answers to one operation: perhaps data, then a response.
struct Reply: Sendable {
  enum Payload: Sendable {
    case bytes([UInt8])
    /// A part of an object, sent from where it lies.
    case content(ObjectContent, Range<Int>)

    var length: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .content(_, let range): range.count
      }
    }
  }

  /// What happens in the camera once the reply has been sent.
  enum Afterwards: Sendable, Hashable {
    case nothing
    /// The shutter opens.
    case shoot(FrameTarget)
    /// A frame in RAM was fetched whole and is forgotten.
    case release(UInt32)
  }

  var code: ResponseCode
  var parameters: [UInt32] = []
  var payload: Payload?
  var afterwards = Afterwards.nothing

  static let ok = Reply(code: .ok)

  static func failed(_ code: ResponseCode) -> Reply { Reply(code: code) }

  static func bytes(_ bytes: [UInt8]) -> Reply { Reply(code: .ok, payload: .bytes(bytes)) }
}

/// Where a new frame goes.
enum FrameTarget: Sendable, Hashable {
  case card
  /// The camera's own memory, from where only the computer can save it.
  case memory
  case both
}
