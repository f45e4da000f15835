/// A JPEG's segments (ITU T.81, annex B), for tests that look at or add metadata.
enum JPEGSegments {
  /// The markers before the first scan, such as 0xE1 for APP1.
  static func markers(in jpeg: [UInt8]) -> [UInt8] {
    var markers: [UInt8] = []
    var offset = 2
    while offset + 4 <= jpeg.count, jpeg[offset] == 0xFF, jpeg[offset + 1] != 0xDA {
      markers.append(jpeg[offset + 1])
      offset += 2 + Int(jpeg[offset + 2]) << 8 + Int(jpeg[offset + 3])
    }
    return markers
  }

  /// The JPEG with one more segment at its beginning.
  static func adding(_ marker: UInt8, _ content: [UInt8], to jpeg: [UInt8]) -> [UInt8] {
    let length = content.count + 2
    return jpeg.prefix(2) + [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + content
      + jpeg.dropFirst(2)
  }

  static func addingXMP(_ packet: String, to jpeg: [UInt8]) -> [UInt8] {
    adding(0xE1, Array("http://ns.adobe.com/xap/1.0/\u{0}".utf8) + Array(packet.utf8), to: jpeg)
  }

  static func addingEXIF(_ tiff: [UInt8], to jpeg: [UInt8]) -> [UInt8] {
    adding(0xE1, Array("Exif\u{0}\u{0}".utf8) + tiff, to: jpeg)
  }

  static func addingProfile(_ profile: [UInt8], to jpeg: [UInt8]) -> [UInt8] {
    adding(0xE2, Array("ICC_PROFILE\u{0}".utf8) + [1, 1] + profile, to: jpeg)
  }
}
