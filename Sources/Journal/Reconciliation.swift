import Crypto
import Foundation
import GRDB
import Glibc
public import Model
public import SystemPackage

/// What reconciling the spool with the journal found and did.
public struct Reconciliation: Hashable, Sendable {
  /// Originals that were whole in the spool but in no journal (the power went between the two): now safe frames.
  public var adopted: [Frame] = []
  /// Unfinished `.part` files that were removed: their frames are fetched again from the camera.
  public var droppedParts = 0
  /// Originals that the journal names but the spool lacks: somebody removed them by hand.
  public var missing: [FilePath] = []
}

extension Journal {
  /// Brings the spool and the journal together after a start: nothing is assumed (architecture.md, "Durability", 5).
  ///
  /// Call it before any source begins to write into the spool.
  /// - Parameters:
  ///   - albums: where adopted originals go.
  ///   - policy: whether they do.
  /// - Throws: `JournalError`.
  public func reconcile(
    session: Session?, albums: [String], policy: SendingPolicy = SendingPolicy()
  ) async throws(JournalError) -> Reconciliation {
    let spool = self.spool
    let known = try await read("Reading the originals") { database in
      try Set(String.fetchAll(database, sql: "SELECT path FROM original WHERE NOT in_place"))
    }
    var result = Reconciliation()
    let found = try await offload { () throws(JournalError) in try spool.survey() }
    result.droppedParts = found.droppedParts
    result.missing = known.subtracting(found.originals).sorted().map(spool.absolute)
    for path in found.originals.subtracting(known).sorted().map(spool.absolute) where Self.isOurs(path) {
      let (hash, bytes) = try await Self.hashing(path)
      let name = path.lastComponent?.string ?? "frame"
      let safe = SafeOriginal(
        original: Original(
          hash: hash, name: name, mediaType: MediaType.forFile(named: name), bytes: bytes, path: path,
          isInPlace: false),
        source: "spool")
      let recorded = try await recordSafe(safe, session: session, albums: albums, policy: policy)
      if recorded.isNew { result.adopted.append(recorded.frame) }
    }
    return result
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

/// Runs a blocking call on a thread outside the cooperative pool.
func offload<Value: Sendable>(
  _ body: @escaping @Sendable () throws(JournalError) -> Value
) async throws(JournalError) -> Value {
  let result: Result<Value, JournalError> = await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      do throws(JournalError) {
        continuation.resume(returning: .success(try body()))
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }
  return try result.get()
}
