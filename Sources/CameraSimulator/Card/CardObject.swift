import Foundation

/// A file or a folder on a card.
struct CardObject: Sendable {
  let handle: UInt32
  /// The store it lies in.
  let storage: UInt32
  /// The folder it lies in; 0 in the store's root.
  let parent: UInt32
  let name: String
  let format: ObjectFormat
  /// `nil` for a folder.
  var content: ObjectContent?
  let captured: Date
  /// What the head of the file says of the picture.
  let picture: JPEGHead
  /// Where the bytes lie on this machine, if the card is a folder.
  let file: URL?
  var isProtected = false

  var isFolder: Bool { format == .association }

  /// The length in bytes; 0 for a folder.
  var length: Int { content?.length ?? 0 }

  /// The dataset, with dates in the camera's own zone.
  func info(in zone: TimeZone) -> ObjectInfo {
    let date = PTPDate.text(captured, in: zone)
    let hasThumbnail = !picture.thumbnail.isEmpty
    return ObjectInfo(
      storage: storage, format: format, isProtected: isProtected, size: UInt64(length),
      thumbnailFormat: hasThumbnail ? .jfif : .undefined, thumbnailSize: UInt32(picture.thumbnail.count),
      thumbnailWidth: hasThumbnail ? 160 : 0, thumbnailHeight: hasThumbnail ? 120 : 0,
      width: UInt32(picture.width), height: UInt32(picture.height), depth: isFolder ? 0 : 24, parent: parent,
      associationType: isFolder ? 1 : 0, name: name, captureDate: date, modificationDate: date)
  }
}
