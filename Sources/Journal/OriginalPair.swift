import Foundation
import Glibc
import Model
import SystemPackage

/// When two originals are one press of the shutter: RAW and a picture beside it, of the same source, folder, name and
/// time.
///
/// Cameras name both alike and write them one after the other, on one card or each on a card of its own.
enum OriginalPair {
  /// How far apart a camera may write the two. A body that empties its buffer takes some seconds; the same name comes
  /// again only after the numbers rolled over or the card was formatted.
  static let longestGap: TimeInterval = 30

  /// What both have in common: the folder without the card that it is on, and the name without its extension.
  /// - Returns: `nil` for what cannot be one of a pair: a name without an extension, or one that the driver made up
  ///   (`/capt0000.jpg`), which comes again.
  static func key(folder: String, name: String) -> String? {
    guard folder != "/", let dot = name.lastIndex(of: "."), dot != name.startIndex else { return nil }
    var folder = folder[...]
    if folder.hasPrefix("/store_") { folder = folder.dropFirst().drop { $0 != "/" } }
    return "\(folder)/\(name[..<dot])"
  }

  /// Whether an original of one media type joins a frame that has originals of others: a RAW and one other picture.
  static func canJoin(_ mediaType: String, _ others: [String]) -> Bool {
    guard others.count == 1, let other = others.first else { return false }
    return mediaType.hasPrefix("image/") && other.hasPrefix("image/")
      && MediaType.isRaw(mediaType) != MediaType.isRaw(other)
  }

  static func isSameTime(_ left: Date?, _ right: Date?) -> Bool {
    guard let left, let right else { return false }
    return abs(left.timeIntervalSince(right)) <= longestGap
  }

  /// Whether a person's own file lies where it was taken up, unchanged. A file beside it with its name is its partner
  /// whatever the times say, which copying changes.
  static func liesUnchanged(_ path: FilePath, modifiedNanoseconds: Int64?) -> Bool {
    var status = stat()
    guard stat(path.string, &status) == 0 else { return false }
    return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec) == modifiedNanoseconds
  }
}

extension SourceObject {
  /// `modified` as a time; `nil` where the source does not know. Files count nanoseconds, and no camera's clock
  /// reaches so many seconds.
  var modifiedAt: Date? {
    guard modified > 0 else { return nil }
    let isNanoseconds = modified > 1_000_000_000_000
    return Date(timeIntervalSince1970: Double(modified) / (isNanoseconds ? 1_000_000_000 : 1))
  }

  var pairKey: String? { OriginalPair.key(folder: folder, name: name) }
}
