public import Foundation
public import Model
public import SystemPackage

/// One original: a file of a camera, a card or a folder, byte for byte.
public struct Original: Hashable, Sendable {
  /// SHA-256 of its bytes.
  public var hash: ContentHash
  /// Its file name at the source. Hostile input: for people to read, never a path.
  public var name: String
  public var mediaType: String
  /// Its length in bytes.
  public var bytes: Int64
  /// Where its bytes are: an absolute path, in the spool or, for an original that is sent from where it lies, outside.
  public var path: FilePath
  /// Whether it is sent from where the person keeps it, and so may change or vanish without us.
  public var isInPlace: Bool
  /// Its modification time when it was hashed, in nanoseconds since 1970, for an original in place.
  public var modifiedNanoseconds: Int64?

  public init(
    hash: ContentHash, name: String, mediaType: String, bytes: Int64, path: FilePath, isInPlace: Bool,
    modifiedNanoseconds: Int64? = nil
  ) {
    self.hash = hash
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    self.path = path
    self.isInPlace = isInPlace
    self.modifiedNanoseconds = modifiedNanoseconds
  }
}

/// One press of the shutter, as the journal knows it.
public struct Frame: Hashable, Sendable, Identifiable {
  /// The row in this journal; it grows with every frame.
  public var id: Int64
  /// The frame's identity everywhere: its first original.
  public var original: Original
  /// The original that shows best what was shot: the first that is no RAW, else the first of all.
  public var lead: Original
  /// Which source it came from: a camera's serial number, or `file`.
  public var source: String
  /// When the camera announced it; `nil` where nobody did.
  public var announcedAt: Date?
  /// When it became safe.
  public var safeAt: Date
  /// How it is marked on the camera, as far as is known.
  public var mark: FrameMark
  /// Whether a person has pushed it to the front.
  public var isPushed: Bool

  /// SHA-256 of its first original.
  public var hash: ContentHash { original.hash }
}

/// A rendition that lies in the spool.
public struct StoredRendition: Hashable, Sendable {
  public var kind: AssetKind
  /// SHA-256 of its bytes.
  public var hash: ContentHash
  public var mediaType: String
  /// Its length in bytes.
  public var bytes: Int64
  /// Where it lies, an absolute path in the spool.
  public var path: FilePath

  public init(kind: AssetKind, hash: ContentHash, mediaType: String, bytes: Int64, path: FilePath) {
    self.kind = kind
    self.hash = hash
    self.mediaType = mediaType
    self.bytes = bytes
    self.path = path
  }
}
