import Foundation
import Model

/// What a video clip says of itself in its movie box: ISO/IEC 14496-12, and QuickTime's format, its model.
enum ClipFacts {
  /// - Throws: `PictureError` with `.io`, or `.corrupt` when there is no movie box.
  static func read(_ input: PictureInput) throws(PictureError) -> PictureFacts {
    switch input {
    case .bytes(let bytes):
      return try read(length: bytes.count) { offset, count in
        offset < bytes.count ? Array(bytes[offset..<min(bytes.count, offset + count)]) : []
      }
    case .file(let path):
      let file = try RegularFile(path)
      return try read(length: file.length) { offset, count throws(PictureError) in
        try file.read(at: offset, count: count)
      }
    }
  }

  /// A clip's facts from its movie box; most of the file, its samples, is never read.
  private static func read(
    length: Int, bytes: (_ offset: Int, _ count: Int) throws(PictureError) -> [UInt8]
  ) throws(PictureError) -> PictureFacts {
    var offset = 0
    // A clip has a handful of boxes at the top.
    for _ in 0..<1000 {
      guard let box = ISOBox(try bytes(offset, 16)[...]), box.length > 0 else { break }
      if box.type == "moov" {
        // A movie box grows with the clip's length: 4 MB for hours.
        return facts(
          ofMovie: try bytes(offset + box.headerLength, min(box.length - box.headerLength, 16 << 20)))
      }
      offset += box.length
      guard offset < length else { break }
    }
    throw PictureError(.corrupt, "the clip has no movie box: it may not have been closed")
  }

  private static func facts(ofMovie movie: [UInt8]) -> PictureFacts {
    var facts = PictureFacts()
    for box in ISOBox.all(in: movie[...]) {
      switch box.type {
      case "mvhd": facts.capturedAt = created(box.content)
      case "trak":
        guard facts.width == nil,
          let header = ISOBox.all(in: box.content).first(where: { $0.type == "tkhd" }),
          let size = shownSize(header.content)
        else { continue }
        (facts.width, facts.height) = (size.width, size.height)
      default: continue
      }
    }
    return facts
  }

  /// The movie header's creation time: seconds since 1904, UTC by the specification. 0 is a clock that was never
  /// set.
  private static func created(_ header: ArraySlice<UInt8>) -> String? {
    guard let version = header.first else { return nil }
    let seconds = ISOBox.unsigned(header.dropFirst(4).prefix(version == 1 ? 8 : 4))
    let toUnix = 2_082_844_800
    guard seconds > toUnix, seconds < toUnix + 253_402_300_800 else { return nil }
    var moment = time_t(seconds - toUnix)
    var fields = tm()
    guard gmtime_r(&moment, &fields) != nil else { return nil }
    let numbers = [
      Int(fields.tm_year) + 1900, Int(fields.tm_mon) + 1, Int(fields.tm_mday), Int(fields.tm_hour),
      Int(fields.tm_min), Int(fields.tm_sec),
    ]
    return CaptureTime.text(
      date: numbers.map { String($0) }.joined(separator: ":"), subseconds: nil, zone: "Z")
  }

  /// A video track's size as shown; `nil` for sound, whose size is 0.
  private static func shownSize(_ header: ArraySlice<UInt8>) -> Size? {
    // The matrix and the size, in 16.16 fixed point, end the box in both its versions.
    guard header.count >= 84 else { return nil }
    let width = ISOBox.unsigned(header.suffix(8).prefix(4)) >> 16
    let height = ISOBox.unsigned(header.suffix(4)) >> 16
    guard width > 0, height > 0 else { return nil }
    // A matrix without a on its diagonal turns by a quarter: a phone held upright.
    let isTurned = ISOBox.unsigned(header.suffix(44).prefix(4)) == 0
    return isTurned ? Size(width: height, height: width) : Size(width: width, height: height)
  }
}
