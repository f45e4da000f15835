public import Model
public import SystemPackage

/// What is asked of originals before they go to albums; renditions are made anyway.
public struct OriginalWishes: Hashable, Sendable {
  /// Something may have to go in an original's place, or an original may have to be held back: none goes before that
  /// has been looked at.
  public var arePrepared: Bool
  /// A location must not leave this machine.
  public var areWithoutLocation: Bool

  public init(arePrepared: Bool = false, areWithoutLocation: Bool = false) {
    self.arePrepared = arePrepared || areWithoutLocation
    self.areWithoutLocation = areWithoutLocation
  }
}

/// A file in the spool that was made from an original.
public struct DerivedFile: Hashable, Sendable {
  /// SHA-256 of its bytes.
  public var hash: ContentHash
  /// What it is called in an album: hostile text.
  public var name: String
  public var mediaType: String
  /// Its length in bytes.
  public var bytes: Int64
  /// Where it lies: an absolute path.
  public var path: FilePath

  public init(hash: ContentHash, name: String, mediaType: String, bytes: Int64, path: FilePath) {
    self.hash = hash
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    self.path = path
  }
}

/// What came of a frame's retouching step; it is run once.
public enum Retouching: Hashable, Sendable {
  case done(DerivedFile)
  /// The frame goes as the camera made it.
  case failed(reason: String)
  /// The frame does not go before a person has acted and another run begins.
  case held(reason: String)
}

/// What goes to albums for an original.
public enum PublishedOriginal: Hashable, Sendable {
  /// The camera's own bytes.
  case asItIs
  case copy(DerivedFile)
  /// Nothing, before a person has acted and another run begins.
  case held(reason: String)
}

/// What is to be done with a frame before it, or a part of it, can go.
public struct Preparation: Sendable {
  public var frame: Frame
  public var part: Part

  /// What of the frame is to be prepared.
  public enum Part: Sendable {
    /// Its renditions are to be made, and go somewhere.
    case renditions
    /// One of its originals is to be looked at.
    case original(Original, OriginalWishes)
  }
}
