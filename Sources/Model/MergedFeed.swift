import Foundation

/// The feeds of several photographers as one album: what a guest's page does (`Page/merge.js` has the same rules).
///
/// - Of each photographer's entries for a frame the one with the highest `seq` counts, in whatever order they come.
/// - A frame is known by any of its originals: of RAW and JPEG one laptop may have seen the one first, and another the other,
///   and each names the frame by the first that it saw. The page, which shows frames as they come, leaves two that turn out to
///   be one only later as they are until it is opened again.
/// - Where several photographers have the same frame, each asset and each fact comes from the first of them, by id, who
///   has it, and the originals of all are listed: the same album for every guest, and none twice.
/// - Frames stand in the order of capture, the newest first; one that does not say when it was taken comes last.
public struct MergedFeed: Sendable {
  private var entries: [ContentHash: [String: AlbumFrame]] = [:]

  public init() {}

  /// Takes entries of one photographer's feed; any of them may have come before.
  public mutating func take(_ frames: [AlbumFrame], from photographer: String) {
    for frame in frames where (entries[frame.frame]?[photographer]?.seq ?? 0) < frame.seq {
      entries[frame.frame, default: [:]][photographer] = frame
    }
  }

  /// The album, newest first.
  public var frames: [AlbumFrame] {
    let timed: [(moment: Double, frame: AlbumFrame)] = groups.compactMap { group in
      merged(group).map { (Self.moment($0), $0) }
    }
    return timed.sorted { Self.isNewer($0, $1) }.map(\.frame)
  }

  /// The album's frames by every name that one has: what its photographers call it, and its originals' hashes.
  public var named: [ContentHash: AlbumFrame] {
    groups.reduce(into: [:]) { named, group in
      guard let frame = merged(group) else { return }
      for name in group + frame.originals.map(\.sha256) { named[name] = frame }
    }
  }

  /// What the entries call each frame: one name, or several of which one's original is another, or is another's too.
  private var groups: [[ContentHash]] {
    var parents: [ContentHash: ContentHash] = [:]
    func root(of name: ContentHash) -> ContentHash {
      var name = name
      while let parent = parents[name] { name = parent }
      return name
    }
    for (frame, versions) in entries {
      for original in versions.values.flatMap(\.originals) where original.sha256 != frame {
        let (own, other) = (root(of: frame), root(of: original.sha256))
        if own != other { parents[own] = other }
      }
    }
    return Array(Dictionary(grouping: entries.keys, by: root(of:)).values)
  }

  private static func isNewer(
    _ left: (moment: Double, frame: AlbumFrame), _ right: (moment: Double, frame: AlbumFrame)
  ) -> Bool {
    if left.moment != right.moment { return left.moment > right.moment }
    return left.frame.frame.hex < right.frame.frame.hex
  }

  private func merged(_ group: [ContentHash]) -> AlbumFrame? {
    let versions = group.flatMap { entries[$0, default: [:]] }
    let ordered = versions.sorted { ($0.key, $0.value.frame.hex) < ($1.key, $1.value.frame.hex) }
      .map(\.value)
    guard var frame = ordered.first else { return nil }
    for other in ordered.dropFirst() {
      frame.bytes = frame.bytes ?? other.bytes
      frame.thumbnail = frame.thumbnail ?? other.thumbnail
      frame.preview = frame.preview ?? other.preview
      frame.original = frame.original ?? other.original
      frame.originals += other.originals.filter { original in
        !frame.originals.contains { $0.sha256 == original.sha256 }
      }
      frame.facts = frame.facts.filled(from: other.facts)
    }
    // One laptop may have the RAW and another the JPEG.
    if let lead = AlbumOriginal.lead(of: frame.originals, frame: frame.frame) {
      (frame.name, frame.mediaType, frame.bytes, frame.original) = (
        lead.name, lead.mediaType, lead.bytes, lead.url
      )
    }
    return frame
  }

  /// Seconds since 1970; a time without a zone is taken as one of UTC.
  private static func moment(_ frame: AlbumFrame) -> Double {
    guard let text = frame.facts.capturedAt else { return -.infinity }
    let hasZone = text.hasSuffix("Z") || text.dropFirst(19).contains { "+-".contains($0) }
    let full = hasZone ? text : text + "Z"
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
    guard let date = try? style.parse(full) else { return -.infinity }
    return date.timeIntervalSince1970
  }
}
