/// A JPEG's segments before its first scan (ITU T.81, annex B), and everything behind them as it is.
struct JPEGHead {
  struct Segment {
    /// 0xE1 for APP1.
    let marker: UInt8
    /// Without marker and length.
    var content: [UInt8]
    /// Fill bytes before the marker, which are kept.
    var fill = 0

    func begins(with signature: StaticString) -> Bool {
      signature.withUTF8Buffer { content.starts(with: $0) }
    }
  }

  /// The most that a segment can hold besides its length.
  static let contentLimit = 65533

  var segments: [Segment] = []
  private let rest: ArraySlice<UInt8>

  /// - Throws: `PictureError` with `.corrupt`.
  init(_ jpeg: [UInt8]) throws(PictureError) {
    guard jpeg.starts(with: [0xFF, 0xD8]) else { throw PictureError(.corrupt, "no JPEG") }
    var offset = 2
    while true {
      let start = offset
      while offset + 1 < jpeg.count, jpeg[offset] == 0xFF, jpeg[offset + 1] == 0xFF { offset += 1 }
      guard offset + 4 <= jpeg.count, jpeg[offset] == 0xFF else {
        throw PictureError(.corrupt, "its segments are cut off")
      }
      let marker = jpeg[offset + 1]
      // The scan, or the end of a file that has none.
      if marker == 0xDA || marker == 0xD9 {
        rest = jpeg[start...]
        return
      }
      let length = Int(jpeg[offset + 2]) << 8 | Int(jpeg[offset + 3])
      guard (0xC0...0xFE).contains(marker), !(0xD0...0xD8).contains(marker), length >= 2,
        offset + 2 + length <= jpeg.count
      else { throw PictureError(.corrupt, "its segments are out of order") }
      segments.append(
        Segment(
          marker: marker, content: Array(jpeg[(offset + 4)..<(offset + 2 + length)]), fill: offset - start))
      offset += 2 + length
    }
  }

  /// The file.
  var bytes: [UInt8] {
    var bytes: [UInt8] = [0xFF, 0xD8]
    bytes.reserveCapacity(rest.count + segments.reduce(2) { $0 + $1.content.count + 8 })
    for segment in segments {
      let length = segment.content.count + 2
      bytes += Array(repeating: 0xFF, count: segment.fill)
      bytes += [0xFF, segment.marker, UInt8(length >> 8), UInt8(length & 255)]
      bytes += segment.content
    }
    return bytes + rest
  }

  /// Where the first segment of a kind is.
  func index(_ marker: UInt8, _ signature: StaticString) -> Int? {
    segments.firstIndex { $0.marker == marker && $0.begins(with: signature) }
  }

  /// Puts a segment into another one's place, or, where there was none, behind those that come before it by custom.
  ///
  /// The index of a multi-picture file (CIPA DC-007) counts from itself to the pictures behind it. Nothing between
  /// them may grow, so whatever grows has to be before the index.
  /// - Throws: `PictureError` with `.encoding` for what does not fit.
  mutating func put(
    _ content: [UInt8], marker: UInt8, signature: StaticString, after earlier: [(UInt8, StaticString)]
  ) throws(PictureError) {
    guard content.count <= Self.contentLimit else {
      throw PictureError(.encoding, "there is no room for more words in it")
    }
    let known = index(marker, signature)
    let pictures = index(0xE2, "MPF\u{0}") ?? .max
    let custom = earlier.compactMap { index($0.0, $0.1) }.max().map { $0 + 1 } ?? 0
    let place = known ?? min(custom, pictures)
    if place > pictures {
      throw PictureError(.encoding, "its pictures and their index are in an order that is not known here")
    }
    if known != nil {
      segments[place].content = content
    } else {
      segments.insert(Segment(marker: marker, content: content), at: place)
    }
  }
}
