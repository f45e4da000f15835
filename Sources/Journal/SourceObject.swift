/// A file as its source announces it: what tells "already taken" from "new".
///
/// Handles and names are no identities (names roll over, cards change); folder, name, length and time together, for
/// one source, are (architecture.md, "Durability", 2).
public struct SourceObject: Hashable, Codable, Sendable {
  /// The folder on the card, `/store_00010001/DCIM/100CANON`, or the folder of a file on disk.
  public var folder: String
  public var name: String
  /// Length in bytes as the source says.
  public var bytes: Int64
  /// Modification time as the source says, in its own clock: seconds since 1970 for a camera, nanoseconds for a file.
  public var modified: Int64

  public init(folder: String, name: String, bytes: Int64, modified: Int64) {
    self.folder = folder
    self.name = name
    self.bytes = bytes
    self.modified = modified
  }
}

/// What became of a source's object.
public enum Disposition: String, Sendable {
  /// It was there before the session began, and is not asked for.
  case baseline
  /// Its bytes are safe.
  case taken
  /// It cannot be taken (too large, no name that the library survives); said once, not tried again.
  case refused
}
