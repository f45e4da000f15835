/// What a camera says of one of its files.
public struct CameraFileInfo: Hashable, Sendable {
  /// Length in bytes; `nil` where the camera does not say. 4,294,967,295 stands for "4 GiB or more" in PTP.
  public var bytes: UInt64?
  /// When the file was changed, in seconds since 1970 by the camera's clock, which has no zone; 0 where unknown.
  public var modified: Int64
  /// The media type by the camera's word, `image/jpeg`; `nil` where it does not say.
  public var mediaType: String?
  /// Whether the camera refuses to delete it: the photographer has protected it.
  public var isProtected: Bool

  public init(bytes: UInt64?, modified: Int64, mediaType: String?, isProtected: Bool = false) {
    self.bytes = bytes
    self.modified = modified
    self.mediaType = mediaType
    self.isProtected = isProtected
  }

  /// Whether this is told of the same bytes: a mark makes no other file.
  public func isSameFile(as other: CameraFileInfo) -> Bool {
    bytes == other.bytes && modified == other.modified && mediaType == other.mediaType
  }

  /// The greatest length that libgphoto2 2.5.30 fetches whole: PTP's object sizes and offsets have 32 bits, and a
  /// longer file arrives cut to 4,294,967,295 bytes with `GP_OK`.
  public static let greatestLength: UInt64 = 0xffff_fffe
}

/// Room on one of a camera's cards.
public struct CameraStorage: Hashable, Codable, Sendable {
  /// Its folder, `/store_00010001`.
  public var folder: String?
  /// Its label, as the photographer or the camera gave it.
  public var label: String?
  /// Its size in bytes.
  public var capacity: UInt64?
  /// Free room in bytes, in steps of 1 KiB.
  public var free: UInt64?
  /// Frames that still fit, as the camera guesses.
  public var freeFrames: UInt64?
  /// Whether its lock is on, or it can only be deleted from; `nil` where the camera does not say.
  public var isReadOnly: Bool?

  public init(
    folder: String? = nil, label: String? = nil, capacity: UInt64? = nil, free: UInt64? = nil,
    freeFrames: UInt64? = nil, isReadOnly: Bool? = nil
  ) {
    self.folder = folder
    self.label = label
    self.capacity = capacity
    self.free = free
    self.freeFrames = freeFrames
    self.isReadOnly = isReadOnly
  }
}

/// Where a camera puts what it shoots, after it was asked to use the card.
public enum CaptureTarget: Hashable, Codable, Sendable {
  /// The card: nothing is lost when the cable falls out.
  case card
  /// The camera has no such setting: it uses the card, or nobody can tell.
  case unknown
  /// The camera stays with something else (its memory), named as it names it.
  case refused(String)
}

/// What a camera tells while it is waited for.
public enum CameraEvent: Hashable, Sendable {
  /// Nothing happened in the time given.
  case timeout
  case fileAdded(CameraPath)
  /// A file's marks changed (a Canon star), or its content.
  case fileChanged(CameraPath)
  case folderAdded(CameraFolder)
  case captureComplete
  /// A file went away, as far as the vendor's text can be understood.
  case fileRemoved
  /// A card came or went, or the camera says that what is known of it is no longer true.
  case storageChanged
  /// Anything else, in the vendor's words.
  case other(String)

  /// What a vendor's text means; the texts differ, so they are matched loosely
  /// (`ObjectRemoved`, `PTP ObjectRemoved, Param1 …`).
  init(text: String) {
    let lowered = text.lowercased()
    if lowered.contains("objectremoved") || lowered.contains("object removed") {
      self = .fileRemoved
    } else if lowered.contains("store added") || lowered.contains("storeadded")
      || lowered.contains("store removed")
      || lowered.contains("storeremoved") || lowered.contains("deviceinfo changed")
    {
      self = .storageChanged
    } else {
      self = .other(text)
    }
  }
}
