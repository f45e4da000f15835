import Blocking
import Crypto
import Foundation
import Glibc
import Model
public import SystemPackage

/// Originals under way: `partial/BOOT-OBJECT.part`, named by what they are parts of, so that another worker, or the
/// next run, goes on where one was cut off.
///
/// What the page cache has survives a process and not the machine: after a power cut a file can be as long as it was
/// and hold zeros. So a part belongs to the machine's uptime in which it was begun, and is dropped in any other.
extension Spool {
  static let partialFolder = "partial"
  /// How long a part that nobody goes on with is kept.
  private static let longestRest: TimeInterval = 24 * 60 * 60

  /// Where the part of an object lies.
  /// - Parameters:
  ///   - source: a camera's serial number, or what else tells it from others.
  ///   - object: folder, name, length and time: another of these is another part.
  public func partial(of object: SourceObject, source: String) -> FilePath {
    var hash = SHA256()
    for text in [source, object.folder, object.name, String(object.bytes), String(object.modified)] {
      hash.update(data: Data(text.utf8))
      hash.update(data: Data([0]))
    }
    let hex = ContentHash(hash.finalize()).hex.prefix(32)
    return root.appending(Self.partialFolder).appending("\(Self.boot)-\(hex).\(Self.partExtension)")
  }

  /// Opens (and makes, if it is not there) an object's part for going on with it.
  /// - Returns: its descriptor, the file's offset at its end; `nil` if another process has it open.
  /// - Throws: `JournalError`.
  public func openPartial(_ path: FilePath) throws(JournalError) -> Int32? {
    try Folders.create(path.removingLastComponent())
    let descriptor = Glibc.open(path.string, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw JournalError(errno: errno, while: "Creating \(path)") }
    // Whoever had it may have given it its final name between the two calls: that file is nobody's to write to.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, Self.isNamed(path, descriptor) else {
      close(descriptor)
      return nil
    }
    lseek(descriptor, 0, SEEK_END)
    return descriptor
  }

  private static func isNamed(_ path: FilePath, _ descriptor: Int32) -> Bool {
    var open = stat()
    var named = stat()
    return fstat(descriptor, &open) == 0 && lstat(path.string, &named) == 0 && open.st_ino == named.st_ino
      && open.st_dev == named.st_dev
  }

  /// Gives a complete, synced part its final name in a day's folder, and syncs that.
  /// - Parameter name: the source's file name; hostile input, made harmless here.
  /// - Returns: the file's absolute path.
  /// - Throws: `JournalError`; then the part is where it was, or in the day's folder as a `.part`.
  public func publish(partial: FilePath, as name: String, day: String) throws(JournalError) -> FilePath {
    // The reservation keeps others from the name; the part takes its place.
    let path = try reserve(name, day: day)
    guard rename(partial.string, Self.partPath(for: path).string) == 0 else {
      let number = errno
      unlink(Self.partPath(for: path).string)
      throw JournalError(errno: number, while: "Renaming \(partial)")
    }
    try Self.publish(path)
    return path
  }

  /// Removes an original that could not be written down.
  public func discard(_ path: FilePath) async {
    // What cannot be removed is adopted by the next start.
    _ = try? await offload { () throws(JournalError) in _ = unlink(path.string) }
  }

  /// Removes parts that nobody can go on with.
  /// - Returns: how many.
  func dropStalePartials() throws(JournalError) -> Int {
    let folder = root.appending(Self.partialFolder)
    guard Folders.isFolder(folder) else { return 0 }
    var dropped = 0
    for name in try Folders.names(in: folder) {
      let path = folder.appending(name)
      var status = stat()
      guard lstat(path.string, &status) == 0 else { continue }
      let age = Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec)
      let isUseful =
        name.hasPrefix("\(Self.boot)-") && name.hasSuffix("." + Self.partExtension) && age < Self.longestRest
        && status.st_size > 0
      if !isUseful, unlink(path.string) == 0 { dropped += 1 }
    }
    return dropped
  }

  /// Names this uptime of the machine; a new one each time where the kernel does not say.
  private static let boot: String = {
    let path = "/proc/sys/kernel/random/boot_id"
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? UUID().uuidString
    return String(text.lowercased().filter(\.isHexDigit).prefix(12))
  }()
}
