public import Foundation
public import Model
public import SystemPackage

/// One asset of one frame on its way to one destination.
public struct Delivery: Hashable, Sendable, Identifiable {
  /// Where a delivery stands (architecture.md, "Durability", 4).
  public enum State: String, Sendable {
    /// It is not to go until a person, or a mark on the camera, says so; it counts as not delivered.
    case held
    /// Nothing is under way; due when `nextTryAt` has passed.
    case waiting
    /// An upload is open at the destination; `offset` bytes are acknowledged.
    case sending
    /// The destination has all of it.
    case sent
    /// A person must act; `reason` says how.
    case parked
  }

  /// What an open delivery waits for that is no matter of the network.
  public enum Step: String, Sendable {
    /// Its frame's renditions are to be made, and go first.
    case rendering
    /// What is published in the original's place is to be made first.
    case preparing
    /// A step before it that is required failed, as `reason` says; the next run tries that again.
    case failed
    /// The destination has all bytes, and guests are not shown them yet.
    case showing
  }

  public var id: Int64
  /// The album as it was given on the command line.
  public var album: String
  public var kind: AssetKind
  public var state: State
  /// Bytes that the destination has acknowledged.
  public var offset: Int64
  /// The upload's address at the destination, once there is one.
  public var uploadURL: String?
  /// Tries since the last progress.
  public var attempts: Int
  /// Since when it is there to be done; `nil` where an older version wrote it down.
  public var addedAt: Date?
  /// Not before this time; `nil` is at once.
  public var nextTryAt: Date?
  /// What else it waits for; `nil` where it is a matter of sending alone.
  public var step: Step?
  /// Why it waits or is parked, for a person.
  public var reason: String?
  /// The reason's kind, for a program (`DeliveryReason.Code`).
  public var reasonCode: String?

  /// SHA-256 of the bytes that are sent.
  public var hash: ContentHash
  /// Their length.
  public var bytes: Int64
  public var mediaType: String
  /// Where they lie.
  public var path: FilePath
  /// Whether the file is the person's own and may have changed since; then `modifiedNanoseconds` is what it was.
  public var isInPlace: Bool
  public var modifiedNanoseconds: Int64?
  /// When the original left the spool by policy, delivered everywhere it was to go then; `nil` while it is there, and
  /// for renditions, which stay.
  public var leftSpoolAt: Date?

  /// SHA-256 of the frame's first original.
  public var frame: ContentHash
  /// Where the frame came from, as `Frame.source`.
  public var source: String
  /// Whether a person has pushed its frame to the front.
  public var isPushed: Bool
  /// The file name of the original that is sent, or that a rendition shows.
  public var name: String
  /// That original's length in bytes.
  public var originalBytes: Int64
  public var facts: PictureFacts?
  /// When the camera announced the frame.
  public var announcedAt: Date?
}

/// How much of what kind is on its way to one album.
public struct Backlog: Hashable, Sendable {
  public var album: String
  /// Deliveries that wait or are being sent, and their bytes that are not acknowledged yet.
  public var waiting: Int
  public var waitingBytes: Int64
  public var parked: Int
  /// Originals that are kept back: not chosen, or not of a kind that is sent.
  public var held: Int
  public var sent: Int
}
