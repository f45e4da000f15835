import Foundation

/// Takes the place where a picture was taken out of a JPEG, and nothing else.
///
/// The file keeps its length and everything in it its place: GPS directories of EXIF are emptied and unlinked, and GPS
/// properties of XMP become blanks. So nothing is decoded or moved, the makers' own notes stay readable, and the
/// offsets that multi-picture files (CIPA DC-007) have between their pictures stay right. EXIF and XMP are looked for
/// in the whole file: a preview or a second picture inside has its own.
public enum LocationRemoval {
  /// What came of it.
  public enum Outcome: Hashable, Sendable {
    /// There is no location in it.
    case none
    /// The file without it.
    case removed([UInt8])
    /// A location may be in it that cannot be taken out; why, in words.
    case impossible(String)
  }

  /// Larger files are not looked into: they are read into memory whole.
  public static let limit = 512 << 20

  /// A hostile file must not cost more than a second.
  private static let mostBlocks = 64

  /// - Parameter path: a file of any kind. Only in a JPEG can a location be found and taken out.
  /// - Throws: `PictureError` with `.io`.
  public static func remove(fromFile path: String) throws(PictureError) -> Outcome {
    let file = try RegularFile(path)
    guard try PictureFormat(head: file.read(at: 0, count: PictureFormat.headLength)) == .jpeg else {
      return .impossible("a location can be taken out of JPEG files only")
    }
    guard file.length <= limit else { return .impossible("the file is too large to be looked into") }
    return remove(from: try file.read(at: 0, count: file.length))
  }

  /// - Parameter jpeg: a whole JPEG file.
  public static func remove(from jpeg: [UInt8]) -> Outcome {
    var bytes = jpeg
    var isChanged = false
    let blocks = places(of: "Exif\u{0}\u{0}", in: bytes, limit: mostBlocks)
    let packets = places(of: "<rdf:RDF", in: bytes, limit: mostBlocks)
    guard blocks.count < mostBlocks, packets.count < mostBlocks else {
      return .impossible("it has more EXIF and XMP in it than any camera writes")
    }
    for base in blocks {
      var directories = EXIFLocation(bytes, at: base + 6)
      if directories?.remove() == true, let directories {
        bytes = directories.bytes
        isChanged = true
      }
    }
    for start in packets {
      guard let end = places(of: "</rdf:RDF", in: bytes, from: start, limit: 1).first else {
        return .impossible("its XMP has no end")
      }
      switch XMPLocation.blank(&bytes, in: start..<end) {
      case .none: break
      case .some(true): isChanged = true
      case .some(false): return .impossible("its XMP cannot be understood")
      }
    }
    if let rest = rest(in: bytes) { return .impossible(rest) }
    return isChanged ? .removed(bytes) : .none
  }

  /// What is left that tells, or may tell, a location.
  private static func rest(in bytes: [UInt8]) -> String? {
    // XMP that goes on in other segments, content credentials, other makers' texts.
    for text: StaticString in ["GPSLatitude", "GpsLatitude", "GPSCoordinates"]
    where !places(of: text, in: bytes, limit: 1).isEmpty {
      return "it tells a location in a place that is not known here"
    }
    for text: StaticString in ["ftypmp4", "ftypiso", "ftypqt", "ftypheic", "ftypmif1", "ftyp3g"]
    where !places(of: text, in: bytes, limit: 1).isEmpty {
      return "it has a clip or another picture inside, which may tell a location"
    }
    return nil
  }

  /// Where a text is in the bytes, in order.
  static func places(
    of text: StaticString, in bytes: [UInt8], from start: Int = 0, limit: Int = .max
  ) -> [Int] {
    bytes.withUnsafeBytes { bytes in
      text.withUTF8Buffer { wanted in
        guard let base = bytes.baseAddress, let text = wanted.baseAddress, let initial = wanted.first
        else { return [] }
        var found: [Int] = []
        var offset = start
        while found.count < limit, offset + wanted.count <= bytes.count,
          let hit = memchr(base + offset, CInt(initial), bytes.count - wanted.count + 1 - offset)
        {
          let place = UnsafeRawPointer(hit) - base
          if memcmp(hit, text, wanted.count) == 0 { found.append(place) }
          offset = place + 1
        }
        return found
      }
    }
  }
}
