import CVips
import Foundation

/// A picture's bytes: in a file or in memory.
public enum PictureInput: Sendable {
  /// A path to a regular file.
  case file(String)
  /// A whole file's content.
  case bytes([UInt8])

  /// Up to `length` bytes from its beginning.
  func head(_ length: Int) throws(PictureError) -> [UInt8] {
    switch self {
    case .bytes(let bytes): return Array(bytes.prefix(length))
    case .file(let path):
      let file = try RegularFile(path)
      return try file.read(at: 0, count: length)
    }
  }

  /// The same bytes as a source for libvips.
  func source() throws(PictureError) -> VipsInput {
    switch self {
    case .bytes(let bytes): try VipsInput(bytes: bytes)
    case .file(let path): try VipsInput(path: path)
    }
  }
}

/// A source of libvips, unreferenced when this object goes. It can be read from the start any number of times.
final class VipsInput {
  let source: UnsafeMutablePointer<VipsSource>

  init(path: String) throws(PictureError) {
    guard let source = vips_source_new_from_file(path) else { throw Vips.failure(.io, "open") }
    self.source = source
  }

  /// The bytes are copied: libvips may read them at any time until the last picture of this source is gone.
  init(bytes: [UInt8]) throws(PictureError) {
    let blob = bytes.withUnsafeBytes { vips_blob_copy($0.baseAddress, $0.count) }
    guard let blob else { throw Vips.failure(.encoding, "memory") }
    defer { vips_area_unref(UnsafeMutableRawPointer(blob).assumingMemoryBound(to: VipsArea.self)) }
    guard let source = vips_source_new_from_blob(blob) else { throw Vips.failure(.encoding, "memory") }
    self.source = source
  }

  deinit {
    g_object_unref(source)
  }
}
