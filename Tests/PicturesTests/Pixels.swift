import CVips
import Model

@testable import Pictures

/// A JPEG's decoded pixels.
struct Pixels {
  let width: Int
  let height: Int
  let bands: Int
  var size: Size { Size(width: width, height: height) }
  private let bytes: [UInt8]

  init(_ jpeg: [UInt8]) throws {
    try Vips.start()
    let input = try VipsInput(bytes: jpeg)
    let picture = try VipsPicture(.corrupt, "decode") {
      cvips_jpegload(input.source, 1, VIPS_FAIL_ON_WARNING, $0)
    }.inMemory()
    var decoded: [UInt8] = []
    _ = try picture.then(.corrupt, "decode") { image, copy in
      var length = 0
      guard let memory = vips_image_write_to_memory(image, &length) else { return -1 }
      defer { g_free(memory) }
      decoded = Array(UnsafeRawBufferPointer(start: memory, count: length))
      return cvips_copy_memory(image, copy)
    }
    (width, height, bands, bytes) = (picture.width, picture.height, picture.bands, decoded)
  }

  /// Red, green and blue at a place given in fractions of the width and height.
  func colour(_ x: Double, _ y: Double) -> [Int] {
    let offset = (Int(y * Double(height)) * width + Int(x * Double(width))) * bands
    return bytes[offset..<offset + bands].map(Int.init)
  }

  /// Whether the colour at a place is within some levels of another.
  func isNear(_ wanted: [Int], _ x: Double, _ y: Double, within levels: Int = 12) -> Bool {
    zip(colour(x, y), wanted).allSatisfy { abs($0 - $1) <= levels }
  }
}

extension PictureFacts {
  var size: Size? {
    guard let width, let height else { return nil }
    return Size(width: width, height: height)
  }
}

extension Rendition {
  var size: Size { Size(width: width, height: height) }
}
