import GPhoto
import Journal
import Model

/// The files that one worker has seen, and what was said of them. Numbers are never used twice.
struct ObjectTable {
  struct Entry {
    let path: CameraPath
    var info: CameraFileInfo
    /// When it was first listed, or announced.
    var seenAt: ContinuousClock.Instant
    /// Whether the camera announced it, and not only a listing showed it.
    var isAnnounced: Bool

    var isRaw: Bool { MediaType.isRaw(named: path.name, type: info.mediaType) }

    /// How the journal names it.
    var sourceObject: SourceObject {
      SourceObject(
        folder: path.folder, name: path.name, bytes: info.bytes.map { Int64(clamping: $0) } ?? -1,
        modified: info.modified)
    }
  }

  /// What an announcement means.
  enum Announcement: Equatable {
    /// A file that is new, or whose length or time is not what it was.
    case new(UInt64)
    /// The same announcement again (EOS bodies say it twice, dual slots once for each copy).
    case duplicate
    /// A name that has been there for a while, with the same length and time by the driver's word. Either a late
    /// repetition, or another file under an old name (a formatted card, numbers that rolled over) of which the driver
    /// tells what it remembers of the old one: only a new connection knows.
    case suspicious
  }

  /// How long after a name was first seen its announcement is taken for the same file's.
  static let repetition = Duration.seconds(2)

  private var entries: [UInt64: Entry] = [:]
  private var numbers: [CameraPath: UInt64] = [:]
  private var folders: Set<String> = []
  private var last: UInt64 = 0
  /// How many names a listing was the first to show.
  private(set) var unannouncedCount = 0

  subscript(id: UInt64) -> Entry? { entries[id] }

  var count: Int { entries.count }

  /// Whether any file of a folder was seen.
  func hasFiles(in folder: String) -> Bool { folders.contains(folder) }

  /// A listing showed a file.
  /// - Returns: its number, the same as long as its length and time are.
  mutating func list(_ path: CameraPath, _ info: CameraFileInfo, now: ContinuousClock.Instant) -> UInt64 {
    if let id = known(path, info) { return id }
    unannouncedCount += 1
    return insert(path, info, isAnnounced: false, now: now)
  }

  /// The camera announced a file.
  /// - Parameter isFresh: whether the camera has been connected anew since, so that what the driver says is true.
  mutating func announce(
    _ path: CameraPath, _ info: CameraFileInfo, isFresh: Bool, now: ContinuousClock.Instant
  ) -> Announcement {
    // The library makes the names of what is in the camera's memory up: none is told twice.
    guard !path.isInCameraMemory, let id = known(path, info), let entry = entries[id] else {
      return .new(insert(path, info, isAnnounced: true, now: now))
    }
    guard isFresh || now - entry.seenAt < Self.repetition else { return .suspicious }
    guard !entry.isAnnounced else { return .duplicate }
    entries[id]?.isAnnounced = true
    entries[id]?.seenAt = now
    return .new(id)
  }

  /// The number of a file that is known, with this length and time; its marks are noted.
  mutating func known(_ path: CameraPath, _ info: CameraFileInfo) -> UInt64? {
    guard let id = numbers[path], entries[id]?.info.isSameFile(as: info) == true else { return nil }
    entries[id]?.info = info
    return id
  }

  /// How the protocol names an object.
  func object(_ id: UInt64) -> CameraObject? {
    guard let entry = entries[id] else { return nil }
    return CameraObject(
      id: id, folder: entry.path.folder, name: entry.path.name,
      bytes: entry.info.bytes.map { Int64(clamping: $0) },
      modified: entry.info.modified, mediaType: entry.info.mediaType,
      isProtected: entry.info.isProtected)
  }

  private mutating func insert(
    _ path: CameraPath, _ info: CameraFileInfo, isAnnounced: Bool, now: ContinuousClock.Instant
  ) -> UInt64 {
    if let old = numbers[path] { entries[old] = nil }
    last += 1
    numbers[path] = last
    folders.insert(path.folder)
    entries[last] = Entry(path: path, info: info, seenAt: now, isAnnounced: isAnnounced)
    return last
  }
}
