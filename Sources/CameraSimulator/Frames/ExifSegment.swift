import Foundation

/// An EXIF segment (APP1) written by hand: TIFF, little endian, IFD0, the EXIF IFD, and IFD1 with a thumbnail
/// (CIPA DC-008-2019, clauses 4.5 and 4.6).
struct ExifSegment {
  /// One tag and its value.
  private struct Entry {
    let tag: UInt16
    let type: UInt16
    let count: UInt32
    let value: [UInt8]

    static func text(_ tag: UInt16, _ text: String) -> Entry {
      let bytes = Array(text.utf8) + [0]
      return Entry(tag: tag, type: 2, count: UInt32(bytes.count), value: bytes)
    }

    static func short(_ tag: UInt16, _ number: UInt16) -> Entry {
      Entry(tag: tag, type: 3, count: 1, value: encode { $0.write(number) })
    }

    static func long(_ tag: UInt16, _ number: UInt32) -> Entry {
      Entry(tag: tag, type: 4, count: 1, value: encode { $0.write(number) })
    }

    static func rational(_ tag: UInt16, _ numerator: UInt32, _ denominator: UInt32) -> Entry {
      Entry(
        tag: tag, type: 5, count: 1,
        value: encode {
          $0.write(numerator)
          $0.write(denominator)
        })
    }

    private static func encode(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
      var writer = ByteWriter()
      body(&writer)
      return writer.bytes
    }
  }

  /// The whole segment with its marker.
  static func bytes(_ facts: FrameFacts, width: Int, height: Int, thumbnail: [UInt8]) -> [UInt8] {
    let date = PTPDate.exif(facts.date, in: facts.zone)
    let offset = PTPDate.offset(facts.date, in: facts.zone)
    let fraction = facts.date.timeIntervalSince1970
    let milliseconds = String(format: "%03d", Int((fraction - fraction.rounded(.down)) * 1000))
    let exposure = facts.exposure
    let exif: [Entry] = [
      .rational(0x829A, exposure.seconds.0, exposure.seconds.1),
      .rational(0x829D, exposure.aperture.0, exposure.aperture.1),
      .short(0x8827, exposure.iso),
      Entry(tag: 0x9000, type: 7, count: 4, value: Array("0232".utf8)),
      .text(0x9003, date), .text(0x9004, date),
      .text(0x9010, offset), .text(0x9011, offset), .text(0x9012, offset),
      .rational(0x920A, exposure.focalLength, 1),
      .text(0x9291, milliseconds),
      .short(0xA001, 1), .long(0xA002, UInt32(width)), .long(0xA003, UInt32(height)),
      .text(0xA431, facts.serialNumber), .text(0xA434, FrameFacts.lens),
    ]
    let main: [Entry] = [
      .text(0x010F, facts.maker), .text(0x0110, "PixCheese Simulator"), .short(0x0112, 1),
      .text(0x0131, "pixcheese-camsim"), .text(0x0132, date),
    ]
    // The offsets are known when the lengths are: IFD0 has one entry more, the pointer to the EXIF IFD.
    let exifStart = 8 + length(main + [.long(0x8769, 0)])
    let thumbnailStart = exifStart + length(exif)
    let thumbnailEntries: (UInt32) -> [Entry] = { start in
      [.short(0x0103, 6), .long(0x0201, start), .long(0x0202, UInt32(thumbnail.count))]
    }
    let imageStart = thumbnailStart + length(thumbnailEntries(0))

    var tiff = ByteWriter()
    tiff.write(Array("II".utf8))
    tiff.write(UInt16(42))
    tiff.write(UInt32(8))
    write(
      main + [.long(0x8769, UInt32(exifStart))], at: 8,
      next: thumbnail.isEmpty ? 0 : UInt32(thumbnailStart), to: &tiff)
    write(exif, at: exifStart, next: 0, to: &tiff)
    if !thumbnail.isEmpty {
      write(thumbnailEntries(UInt32(imageStart)), at: thumbnailStart, next: 0, to: &tiff)
      tiff.write(thumbnail)
    }
    let body = Array("Exif\0\0".utf8) + tiff.bytes
    let count = body.count + 2
    return [0xFF, 0xE1, UInt8(count >> 8), UInt8(count & 0xFF)] + body
  }

  /// How long an IFD with its values is.
  private static func length(_ entries: [Entry]) -> Int {
    2 + entries.count * 12 + 4
      + entries.reduce(0) { $0 + ($1.value.count > 4 ? ($1.value.count + 1) / 2 * 2 : 0) }
  }

  private static func write(_ entries: [Entry], at start: Int, next: UInt32, to writer: inout ByteWriter) {
    var values = ByteWriter()
    let valuesStart = start + 2 + entries.count * 12 + 4
    writer.write(UInt16(entries.count))
    for entry in entries.sorted(by: { $0.tag < $1.tag }) {
      writer.write(entry.tag)
      writer.write(entry.type)
      writer.write(entry.count)
      if entry.value.count <= 4 {
        writer.write(entry.value + [UInt8](repeating: 0, count: 4 - entry.value.count))
      } else {
        writer.write(UInt32(valuesStart + values.bytes.count))
        values.write(entry.value + (entry.value.count % 2 == 1 ? [0] : []))
      }
    }
    writer.write(next)
    writer.write(values.bytes)
  }
}
