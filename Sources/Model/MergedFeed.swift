import Foundation

/// The feeds of several photographers as one album: what a guest's page does (`Page/merge.js` has the same rules).
///
/// - Of each photographer's entries for a frame the one with the highest `seq` counts, in whatever order they come.
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
    let timed: [(moment: Double, frame: AlbumFrame)] = entries.values.compactMap { versions in
      Self.merged(versions).map { (Self.moment($0), $0) }
    }
    return timed.sorted { Self.isNewer($0, $1) }.map(\.frame)
  }

  private static func isNewer(
    _ left: (moment: Double, frame: AlbumFrame), _ right: (moment: Double, frame: AlbumFrame)
  ) -> Bool {
    if left.moment != right.moment { return left.moment > right.moment }
    return left.frame.frame.hex < right.frame.frame.hex
  }

  private static func merged(_ versions: [String: AlbumFrame]) -> AlbumFrame? {
    let ordered = versions.sorted { $0.key < $1.key }.map(\.value)
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
