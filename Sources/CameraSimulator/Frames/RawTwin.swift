/// The RAW file that a camera writes beside a JPEG.
///
/// It has TIFF's structure, as most RAW formats have, with the JPEG as its preview and no sensor data: nobody here
/// develops it (TIFF 6.0, sections 2 and 22).
struct RawTwin: Sendable {
  let name: String
  let frame: FramePicture

  init(of frame: FramePicture, named name: String, extension suffix: String) {
    let stem = name.split(separator: ".").dropLast().joined(separator: ".")
    self.name = "\(stem.isEmpty ? name : stem).\(suffix)"
    var head = ByteWriter()
    head.write(Array("II".utf8))
    head.write(UInt16(42))
    head.write(UInt32(8))
    // Compression, where the JPEG begins, and its length; every entry is a long number.
    let fields: [(tag: UInt16, value: UInt32)] = [
      (0x0103, 6), (0x0201, 8 + 2 + 3 * 12 + 4), (0x0202, UInt32(clamping: frame.content.length)),
    ]
    head.write(UInt16(fields.count))
    for field in fields {
      head.write(field.tag)
      head.write(UInt16(4))
      head.write(UInt32(1))
      head.write(field.value)
    }
    head.write(UInt32(0))
    let tail = Array("RAW of \(name)".utf8)
    self.frame = FramePicture(
      content: ObjectContent(
        [.bytes(head.bytes)] + frame.content.pieces + [.filling(length: frame.content.length), .bytes(tail)]),
      head: frame.head, fileExtension: suffix)
  }
}
