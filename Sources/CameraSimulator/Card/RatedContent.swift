/// How a camera writes stars into a file of its own: an XMP packet whose place was there from the beginning.
enum RatedContent {
  /// The file with these stars, as long as it was.
  ///
  /// The packet is put behind the first segment (EXIF) and the file's last bytes, which are filling or noise, give way.
  static func rating(_ content: ObjectContent, _ stars: Int) throws(CameraSimulatorError) -> ObjectContent {
    let head = try content.prefix(content.length)
    var bytes = head
    if let place = place(in: bytes) {
      bytes[place] = UInt8(ascii: "0") + UInt8(clamping: stars)
      return ObjectContent([.bytes(bytes)])
    }
    guard bytes.count > 4, bytes[0] == 0xFF, bytes[1] == 0xD8, bytes[2] == 0xFF else {
      throw CameraSimulatorError(.file, "only a JPEG, or a RAW made of one, can be given stars")
    }
    let end = 4 + (Int(bytes[4]) << 8 | Int(bytes[5]))
    let segment = segment(stars)
    guard end + segment.count < bytes.count else {
      throw CameraSimulatorError(.file, "the file is too short for stars")
    }
    bytes.insert(contentsOf: segment, at: end)
    bytes.removeLast(segment.count)
    return ObjectContent([.bytes(bytes)])
  }

  /// Where the digit is that says the stars.
  private static func place(in bytes: [UInt8]) -> Int? {
    let mark = Array("xmp:Rating=\"".utf8)
    return bytes.indices.first { bytes[$0] == mark[0] && bytes[$0...].starts(with: mark) }.map {
      $0 + mark.count
    }
  }

  /// APP1 with an XMP packet (XMP specification, part 3, 1.1.3).
  private static func segment(_ stars: Int) -> [UInt8] {
    let packet =
      "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF "
      + "xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
      + "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmp:Rating=\"\(stars)\"/></rdf:RDF></x:xmpmeta>"
    let body = Array(packet.utf8)
    let length = body.count + 2
    return [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 0xFF)] + body
  }
}
