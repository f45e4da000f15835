/// A box of ISO base media (ISO/IEC 14496-12, 4.2): a length, a type of four characters, and content.
struct ISOBox {
  let type: String
  /// The whole box's length in bytes as it says, header included; it may reach past the bytes at hand.
  let length: Int
  /// 8, or 16 where the length has 64 bits.
  let headerLength: Int
  /// The content, as far as the bytes go.
  let content: ArraySlice<UInt8>

  /// The box at the beginning of some bytes; `nil` when they are too few or its length is impossible.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count >= 8 else { return nil }
    let short = Self.unsigned(bytes.prefix(4))
    type = String(decoding: bytes.dropFirst(4).prefix(4), as: UTF8.self)
    switch short {
    case 0:  // to the end of the file
      (length, headerLength) = (Int.max / 2, 8)
    case 1:
      guard bytes.count >= 16 else { return nil }
      (length, headerLength) = (Self.unsigned(bytes.dropFirst(8).prefix(8)), 16)
    default:
      (length, headerLength) = (short, 8)
    }
    guard length >= headerLength, length <= Int.max / 2 else { return nil }
    content = bytes.dropFirst(headerLength).prefix(length - headerLength)
  }

  /// The boxes that follow each other in some bytes, up to the first that is none.
  static func all(in bytes: ArraySlice<UInt8>) -> [ISOBox] {
    var boxes: [ISOBox] = []
    var rest = bytes
    while boxes.count < 1000, let box = ISOBox(rest) {
      boxes.append(box)
      rest = rest.dropFirst(box.length)
    }
    return boxes
  }

  /// A big-endian number of up to eight bytes; one that does not fit is the largest that does.
  static func unsigned(_ bytes: ArraySlice<UInt8>) -> Int {
    Int(clamping: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
