import Blocking
import Crypto
import Foundation
import GRDB
import Glibc
public import Model
public import SystemPackage

/// What reconciling the spool with the journal found and did.
public struct Reconciliation: Hashable, Sendable {
  /// A file that could not be read, and why.
  public struct Unreadable: Hashable, Sendable {
    public var path: FilePath
    /// For a person.
    public var reason: String
  }

  /// Originals that were whole in the spool but in no journal (the power went between the two): now safe frames.
  public var adopted: [Frame] = []
  /// Unfinished `.part` files that were removed: their frames are fetched again from the camera.
  public var droppedParts = 0
  /// Originals that the journal names but the spool lacks: somebody removed them by hand.
  public var missing: [FilePath] = []
  /// Originals that no journal knows and no session of this journal can have fetched. They are left for a session.
  public var strays: [FilePath] = []
  /// Originals that no journal knows and nobody can read. They stay where they are, and hold nothing else up.
  public var unreadable: [Unreadable] = []
}

extension Journal {
  /// Brings the spool and the journal together after a start: nothing is assumed (architecture.md, "Durability", 5).
  ///
  /// An original that the journal does not know belongs to the session that was to fetch it, also if that was abandoned
  /// since, and goes to the albums which that fed, or is kept back from them, as that was to send. Where no session is known
  /// to have wanted it, that is the one that nobody ended; without one it goes to a session that begins now, and a run
  /// that is none leaves it.
  ///
  /// Call it before any source begins to write into the spool.
  /// - Parameters:
  ///   - session: this run's; `nil` for one that takes no frames from cameras.
  ///   - albums: where that session's frames go.
  ///   - policy: whether they do; of a session that wrote none down too.
  /// - Throws: `JournalError`.
  public func reconcile(
    session: Session?, albums: [String], policy: SendingPolicy = SendingPolicy()
  ) async throws(JournalError) -> Reconciliation {
    let spool = self.spool
    let (known, left) = try await read("Reading the originals") { database in
      (
        try Set(
          String.fetchAll(database, sql: "SELECT path FROM original WHERE NOT in_place AND left_at IS NULL")),
        try Row.fetchAll(database, sql: "SELECT path, hash FROM original WHERE left_at IS NOT NULL")
          .reduce(into: [String: ContentHash]()) { $0[$1["path"]] = ContentHash(blob: $1["hash"]) }
      )
    }
    var result = Reconciliation()
    let found = try await offload { () throws(JournalError) in try spool.survey() }
    result.droppedParts = found.droppedParts
    result.missing = known.subtracting(found.originals).sorted().map(spool.absolute)
    let interrupted = try await interrupted(before: session)
    for stored in found.originals.subtracting(known).sorted() {
      let path = spool.absolute(stored)
      guard Self.isOurs(path) else { continue }
      let name = path.lastComponent?.string ?? "frame"
      let wanted = try await self.session(fetching: name, bytes: Self.length(of: path)) ?? interrupted
      let owner = wanted?.session ?? session
      let target = wanted?.albums ?? (session == nil ? nil : albums)
      guard target != nil || left[stored] != nil else {
        result.strays.append(path)
        continue
      }
      let content: (hash: ContentHash, bytes: Int64)
      do {
        content = try await Self.hashing(path)
      } catch {
        result.unreadable.append(Reconciliation.Unreadable(path: path, reason: error.message))
        continue
      }
      if left[stored] == content.hash {
        // It left by policy, and the power went before its file did.
        unlink(path.string)
        continue
      }
      guard let target else {
        result.strays.append(path)
        continue
      }
      var safe = SafeOriginal(
        original: Original(
          hash: content.hash, name: name, mediaType: MediaType.forFile(named: name), bytes: content.bytes,
          path: path, isInPlace: false),
        source: "spool")
      safe.likelyOrigin = wanted?.origin
      let recorded = try await recordSafe(
        safe, session: owner, albums: target, policy: wanted?.policy ?? policy)
      if recorded.isNew { result.adopted.append(recorded.frame) }
    }
    try await forgetAbandoned()
    return result
  }

  /// Gives an original that was adopted from the spool what its source says of it, when that brings it once more: by that the other
  /// of its pair finds it, and its time is corrected.
  static func completeAdopted(_ safe: SafeOriginal, of frame: Int64, in database: Database) throws {
    guard let object = safe.object else { return }
    try database.run(
      """
      UPDATE original SET pair_key = ?, shot_at = ?
      WHERE hash = ? AND frame_id IN (SELECT id FROM frame WHERE source = 'spool')
      """, [object.pairKey, object.modifiedAt?.milliseconds, safe.original.hash.blob])
    try database.run(
      "UPDATE frame SET source = ?, announced_at = ?, clock_offset = ?, zone = ? WHERE id = ? AND source = 'spool'",
      [safe.source, safe.announcedAt?.milliseconds, safe.clock?.offset, safe.clock?.zone, frame])
  }

  /// A file's length in bytes; -1 where it has none that can be told.
  private static func length(of path: FilePath) -> Int64 {
    var status = stat()
    return stat(path.string, &status) == 0 ? Int64(status.st_size) : -1
  }

  /// Whether a file of the spool that the journal does not know can be an original that a worker finished. Marks and
  /// lists that file managers and picture programs put beside pictures (`.directory`, `IMG_0001.JPG.xmp`) are not;
  /// they stay where they are.
  private static func isOurs(_ path: FilePath) -> Bool {
    guard let name = path.lastComponent?.string, let day = path.removingLastComponent().lastComponent?.string
    else { return false }
    return !name.hasPrefix(".") && !day.hasPrefix(".") && MediaType.isPictureOrClip(named: name)
      && !Folders.isFolder(path)
  }

  /// SHA-256 and length of a file, read on a thread outside the cooperative pool.
  /// - Throws: `JournalError`.
  public static func hashing(_ path: FilePath) async throws(JournalError) -> (hash: ContentHash, bytes: Int64)
  {
    try await offload { () throws(JournalError) in try hash(of: path) }
  }

  /// SHA-256 and length of a file. Blocks.
  static func hash(of path: FilePath) throws(JournalError) -> (hash: ContentHash, bytes: Int64) {
    let descriptor = Glibc.open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw JournalError(errno: errno, while: "Opening \(path)") }
    defer { close(descriptor) }
    posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
    var hasher = SHA256()
    var total: Int64 = 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count == 0 { return (ContentHash(hasher.finalize()), total) }
      if count < 0 {
        if errno == EINTR { continue }
        throw JournalError(errno: errno, while: "Reading \(path)")
      }
      hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      total += Int64(count)
    }
  }
}

extension Spool {
  /// All originals in the spool, relative to it; unfinished parts are removed.
  fileprivate func survey() throws(JournalError) -> (originals: Set<String>, droppedParts: Int) {
    var originals: Set<String> = []
    var droppedParts = 0
    if Folders.isFolder(renditions) {
      for name in try Folders.names(in: renditions) where name.hasSuffix("." + Self.partExtension) {
        unlink(renditions.appending(name).string)
      }
    }
    droppedParts += try dropStalePartials()
    for name in Folders.isFolder(work) ? try Folders.names(in: work) : [] {
      // Copies and what a program that was ended left behind: nobody's.
      try? FileManager.default.removeItem(atPath: work.appending(name).string)
    }
    let ours = ["renditions", Self.workName, Self.partialFolder]
    for day in try Folders.names(in: root) where !ours.contains(day) {
      let folder = root.appending(day)
      guard Folders.isFolder(folder) else { continue }
      for name in try Folders.names(in: folder) {
        if name.hasSuffix("." + Self.partExtension) {
          unlink(folder.appending(name).string)
          droppedParts += 1
        } else {
          originals.insert("\(day)/\(name)")
        }
      }
    }
    return (originals, droppedParts)
  }
}
