/// One of a frame's originals that an album has, to be downloaded.
public struct AlbumOriginal: Hashable, Codable, Sendable {
  public var sha256: ContentHash
  /// Its own file name.
  public var name: String
  public var mediaType: String
  /// Its length in bytes.
  public var bytes: Int64
  /// Where it is; like a frame's other URLs it may be relative to the album.
  public var url: String

  public init(sha256: ContentHash, name: String, mediaType: String, bytes: Int64, url: String) {
    self.sha256 = sha256
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    self.url = url
  }

  private enum CodingKeys: String, CodingKey {
    case sha256, name, bytes, url
    case mediaType = "media_type"
  }

  /// The original that a frame is shown and downloaded by: what every viewer opens before RAW, and the frame's first
  /// original before others.
  public static func lead(of originals: [AlbumOriginal], frame: ContentHash) -> AlbumOriginal? {
    let open = originals.filter { !MediaType.isRaw($0.mediaType) }
    let candidates = open.isEmpty ? originals : open
    return candidates.first { $0.sha256 == frame } ?? candidates.first
  }
}
