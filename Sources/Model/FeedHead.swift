public import Foundation

/// One photographer's feed in a bucket album: the small object that guests ask for again and again.
///
/// It holds the last changes itself and names the segments with all before them, oldest first. Segments are named by
/// their content and never change. Only its own photographer writes a head, so that two laptops never overwrite each
/// other, and a guest merges all heads (`MergedFeed`).
public struct FeedHead: Hashable, Codable, Sendable {
  /// A segment as the head names it.
  public struct Segment: Hashable, Codable, Sendable {
    /// The object's name beside the head's.
    public var name: String
    /// How many entries are in it.
    public var entries: Int
    /// The highest `seq` in it: a guest who has all up to there needs it not.
    public var through: Int64

    public init(name: String, entries: Int, through: Int64) {
      self.name = name
      self.entries = entries
      self.through = through
    }
  }

  /// The form of heads and segments that this is.
  public var version = 1
  public var photographer: String
  /// The number of the last change; every entry's `seq` is that of its own.
  public var seq: Int64 = 0
  /// All changes before the recent ones, oldest first.
  public var segments: [Segment] = []
  /// The last changes, oldest first, no frame twice.
  public var recent: [AlbumFrame] = []

  public init(photographer: String) {
    self.photographer = photographer
  }

  /// More recent changes than this are made a segment: a head stays under some 50 kB.
  public static let mostRecent = 64
  /// So many segments of a size are made one of the next size.
  public static let fan = 8

  /// Takes what is new, numbered in order. What is said again as it was is no change.
  /// - Returns: a segment that has to be written before this head, if the recent changes became too many.
  /// - Throws: `EncodingError`.
  public mutating func take(_ news: [AlbumFrame]) throws -> FeedSegment? {
    for entry in news {
      let known = recent.firstIndex { $0.frame == entry.frame }
      var entry = entry
      if let known {
        entry.seq = recent[known].seq
        if recent[known] == entry { continue }
        recent.remove(at: known)
      }
      seq += 1
      entry.seq = seq
      recent.append(entry)
    }
    guard recent.count > Self.mostRecent else { return nil }
    let segment = try FeedSegment(recent)
    segments.append(segment.listed)
    recent = []
    return segment
  }

  /// Neighbouring segments of a size that are enough to be made one; the largest stay as they are.
  public var mergeable: [Segment]? {
    for size in 0..<Self.largestSize {
      var run: [Segment] = []
      for segment in segments {
        run = Self.size(of: segment) == size ? run + [segment] : []
        if run.count == Self.fan { return run }
      }
    }
    return nil
  }

  /// Puts one segment in the place of those that it was made of.
  /// - Returns: whether they were all there still.
  public mutating func replace(_ merged: [Segment], by segment: FeedSegment) -> Bool {
    guard let first = merged.first, let index = segments.firstIndex(of: first),
      segments.indices.contains(index + merged.count - 1),
      Array(segments[index..<index + merged.count]) == merged
    else { return false }
    segments.replaceSubrange(index..<index + merged.count, with: [segment.listed])
    return true
  }

  private static let largestSize = 2

  /// 0 up to 64 entries… the steps are `fan` apart.
  private static func size(of segment: Segment) -> Int {
    var size = 0
    var limit = mostRecent * 2
    while segment.entries > limit, size < largestSize {
      size += 1
      limit *= fan
    }
    return size
  }

  /// As it lies in the bucket.
  /// - Throws: `EncodingError`.
  public func encoded() throws -> Data { try FeedSegment.encoder.encode(self) }
}

/// Changes of a feed that stay as they are: an object named by its content.
public struct FeedSegment: Hashable, Sendable {
  /// In the order of their numbers, no frame twice.
  public let frames: [AlbumFrame]
  /// As it lies in the bucket.
  public let bytes: Data

  private struct Document: Codable {
    var version = 1
    var frames: [AlbumFrame]
  }

  /// - Throws: `EncodingError`.
  public init(_ frames: [AlbumFrame]) throws {
    self.frames = frames
    bytes = try Self.encoder.encode(Document(frames: frames))
  }

  /// Reads one.
  /// - Throws: `DecodingError`.
  public init(reading bytes: Data) throws {
    self.bytes = bytes
    frames = try JSONDecoder().decode(Document.self, from: bytes).frames
  }

  /// Several in one: of each frame its last change.
  /// - Throws: `EncodingError`.
  public init(merging segments: [FeedSegment]) throws {
    var last: [ContentHash: AlbumFrame] = [:]
    for frame in segments.flatMap(\.frames) where (last[frame.frame]?.seq ?? 0) < frame.seq {
      last[frame.frame] = frame
    }
    try self.init(last.values.sorted { $0.seq < $1.seq })
  }

  /// Its object's name, made of its content: segments never change.
  public var name: String { "\(ContentHash(of: bytes).hex.prefix(32)).json" }

  /// How a head lists it.
  public var listed: FeedHead.Segment {
    FeedHead.Segment(name: name, entries: frames.count, through: frames.map(\.seq).max() ?? 0)
  }

  /// The same value is always the same bytes.
  static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
