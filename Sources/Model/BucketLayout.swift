/// Where the objects of a bucket album are, below its prefix.
///
/// | object | is | changes |
/// | --- | --- | --- |
/// | `index.html` | the live page | with the program |
/// | `assets/VERSION/…` | its files, in a folder named by their content | never |
/// | `album.json` | the album's name and link | when it is made |
/// | `photographers.json` | whose feeds there are | with every new photographer |
/// | `feeds/PHOTOGRAPHER/head.json` | the last changes, and which segments there are | every 1 to 2 seconds at most |
/// | `feeds/PHOTOGRAPHER/HASH.json` | a segment | never |
/// | `media/SHA256.EXT` | a rendition or an original | never |
public struct BucketLayout: Hashable, Sendable {
  /// `PREFIX/`, or empty for an album at the bucket's root.
  public let root: String

  /// - Parameter prefix: as `Destination` has it, without slashes at its ends.
  public init(prefix: String) {
    root = prefix.isEmpty ? "" : prefix + "/"
  }

  /// The key of the live page.
  public var page: String { root + "index.html" }
  /// The key of the album's description (`BucketAlbum`).
  public var album: String { root + "album.json" }
  /// The key of the list of those who feed the album (`PhotographerList`).
  public var photographers: String { root + "photographers.json" }

  /// The key of a photographer's head (`FeedHead`).
  public func head(of photographer: String) -> String { "\(root)feeds/\(photographer)/head.json" }

  /// The key of a segment (`FeedSegment`) of a photographer's feed.
  public func segment(_ name: String, of photographer: String) -> String {
    "\(root)feeds/\(photographer)/\(name)"
  }

  /// A content's address relative to the page, as the feed has it.
  public static func medium(_ hash: ContentHash, extension ending: String) -> String {
    "media/\(hash.hex).\(ending)"
  }

  /// The key of a content that a feed names by its address relative to the page.
  public func key(of medium: String) -> String { root + medium }

  /// The ending of an asset's name: of a rendition `jpg`, of an original its file's own where that is known.
  public static func ending(of kind: AssetKind, named name: String) -> String {
    guard kind == .original, MediaType.isPictureOrClip(named: name), let dot = name.lastIndex(of: ".") else {
      return kind == .original ? "bin" : "jpg"
    }
    return name[name.index(after: dot)...].lowercased()
  }
}

/// `album.json`: what a bucket album is.
public struct BucketAlbum: Hashable, Codable, Sendable {
  public var version = 1
  /// As guests read it.
  public var name: String
  /// The live page's address, where it was given or known when the album was made.
  public var url: String
  /// RFC 3339.
  public var createdAt: String

  public init(name: String, url: String, createdAt: String) {
    self.name = name
    self.url = url
    self.createdAt = createdAt
  }

  enum CodingKeys: String, CodingKey {
    case version, name, url
    case createdAt = "created_at"
  }
}

/// `photographers.json`: whose feeds a bucket album has.
///
/// It only ever grows. Whoever writes it writes all that it ever saw there, so that what a careless store or a slow writer
/// dropped comes back (docs/delivery.md, "Bucket albums").
public struct PhotographerList: Hashable, Codable, Sendable {
  public var version = 1
  /// Sorted, each once.
  public private(set) var photographers: [String]

  public init(_ photographers: some Sequence<String> = []) {
    self.photographers = Set(photographers).sorted()
  }

  /// Both lists' photographers.
  public func union(_ other: PhotographerList) -> PhotographerList {
    PhotographerList(photographers + other.photographers)
  }

  /// Whether a photographer is on the list.
  public func contains(_ photographer: String) -> Bool { photographers.contains(photographer) }

  /// Whether a text can be a photographer's id: it becomes part of an object's key.
  public static func isID(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z"))
      }
  }
}
