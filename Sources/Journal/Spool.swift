import Foundation
import Glibc
public import Model
public import SystemPackage

/// The folder where originals and renditions lie until policy lets them go.
///
/// `2026-11-23/IMG_0001.JPG` is an original, `….part` one that is still being written, `renditions/ab/….jpg` a
/// rendition. All calls block: they belong on a thread of their own.
public struct Spool: Sendable {
  /// The spool's folder, an absolute path.
  public let root: FilePath

  public init(root: FilePath) {
    self.root = root
  }

  /// The ending of a file that is not safe yet.
  public static let partExtension = "part"

  /// Reserves a name for an original that is about to be fetched: creates an empty `NAME.part` and returns the path
  /// that the finished file will have. The caller writes to `partPath(for:)`, syncs, and calls `publish`.
  /// - Parameters:
  ///   - name: the source's file name; hostile input, made harmless here.
  ///   - day: the folder, `2026-11-23`.
  /// - Throws: `JournalError`.
  public func reserve(_ name: String, day: String) throws(JournalError) -> FilePath {
    let folder = root.appending(day)
    try Folders.create(folder)
    let safe = Self.harmless(name)
    for number in 1...100_000 {
      let path = folder.appending(number == 1 ? safe : Self.numbered(safe, number))
      guard access(path.string, F_OK) != 0 else { continue }
      let descriptor = Glibc.open(
        Self.partPath(for: path).string, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else {
        if errno == EEXIST { continue }
        throw JournalError(errno: errno, while: "Creating \(Self.partPath(for: path))")
      }
      close(descriptor)
      // Between the look and the making another one may have been finished under this name. From here on nobody can.
      guard access(path.string, F_OK) != 0 else {
        unlink(Self.partPath(for: path).string)
        continue
      }
      return path
    }
    throw JournalError(.io, "\(folder) has a hundred thousand files named \(safe).")
  }

  /// Where an original is written before it is complete.
  public static func partPath(for path: FilePath) -> FilePath {
    FilePath(path.string + "." + partExtension)
  }

  /// Gives a complete, synced `.part` its final name, and syncs the folder, so that the name survives a power cut.
  /// - Throws: `JournalError`.
  public static func publish(_ path: FilePath) throws(JournalError) {
    try publish(partPath(for: path), as: path)
  }

  private static func publish(_ part: FilePath, as path: FilePath) throws(JournalError) {
    guard rename(part.string, path.string) == 0 else {
      throw JournalError(errno: errno, while: "Renaming \(part)")
    }
    try Folders.sync(path.removingLastComponent())
  }

  /// The room on the spool's file system. Blocks.
  /// - Throws: `JournalError`.
  public func room() throws(JournalError) -> DiskRoom { try Self.room(at: root) }

  static func room(at path: FilePath) throws(JournalError) -> DiskRoom {
    var figures = statvfs()
    guard statvfs(path.string, &figures) == 0 else {
      throw JournalError(errno: errno, while: "Measuring the room of \(path)")
    }
    return DiskRoom(figures)
  }

  /// A file that counts the attempts at a frame's renditions that the program did not outlive.
  public func attemptMark(of frame: ContentHash) -> FilePath { root.appending("\(frame.hex).attempts") }

  /// Where renditions lie, and for a moment each one's unfinished part.
  var renditions: FilePath { root.appending("renditions") }

  /// The folder of `workFolder`'s folders.
  static let workName = "work"
  var work: FilePath { root.appending(Self.workName) }

  /// Makes an empty folder for files that are being made from an original. Who asked for it removes it; what is left
  /// in a crash goes at the next start.
  /// - Throws: `JournalError`.
  public func workFolder() throws(JournalError) -> FilePath {
    let folder = work.appending(UUID().uuidString)
    try Folders.create(folder)
    return folder
  }

  /// Moves a file that was made from an original to where renditions lie, under the name of its content, durably.
  /// - Returns: its absolute path.
  /// - Throws: `JournalError`.
  func adopt(derived file: FilePath, hash: ContentHash) throws(JournalError) -> FilePath {
    let folder = renditions.appending(String(hash.hex.prefix(2)))
    try Folders.create(folder)
    let path = folder.appending(hash.hex + (file.extension.map { "." + $0 } ?? ""))
    let descriptor = Glibc.open(file.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw JournalError(errno: errno, while: "Opening \(file)") }
    defer { close(descriptor) }
    // Whoever wrote it did not sync it.
    guard fdatasync(descriptor) == 0 else { throw JournalError(errno: errno, while: "Syncing \(file)") }
    try Self.publish(file, as: path)
    return path
  }

  /// Writes a rendition durably under the name of its content. Equal ones may be written at the same time: frames of
  /// the same scene can have the same renditions.
  /// - Returns: its absolute path.
  /// - Throws: `JournalError`; `.full` also while the rest of the room is the journal's.
  public func store(rendition bytes: [UInt8], hash: ContentHash, extension suffix: String)
    throws(JournalError)
    -> FilePath
  {
    let hex = hash.hex
    let folder = renditions.appending(String(hex.prefix(2)))
    try Folders.create(folder)
    let room = try room()
    guard room.free - Int64(bytes.count) >= room.renditionReserve else {
      throw JournalError(errno: ENOSPC, while: "Storing a rendition of \(bytes.count) bytes in \(root)")
    }
    let path = folder.appending("\(hex).\(suffix)")
    let part = Self.partPath(for: renditions.appending(UUID().uuidString))
    let descriptor = Glibc.open(part.string, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw JournalError(errno: errno, while: "Creating \(part)") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count < 0 {
        if errno == EINTR { continue }
        let error = JournalError(errno: errno, while: "Writing \(part)")
        unlink(part.string)
        throw error
      }
      written += count
    }
    guard fdatasync(descriptor) == 0 else {
      let error = JournalError(errno: errno, while: "Syncing \(part)")
      unlink(part.string)
      throw error
    }
    try Self.publish(part, as: path)
    return path
  }

  /// A file name with nothing in it that could leave the folder, hide the file or upset a terminal; at most 150 bytes.
  static func harmless(_ name: String) -> String {
    var safe = ""
    for character in name {
      let isPlain = character.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
          false
        default: scalar != "/" && scalar != "\\" && scalar != ":"
        }
      }
      safe.append(isPlain ? character : "_")
    }
    while let first = safe.first, first == "." || first == " " || first == "-" { safe.removeFirst() }
    if safe.utf8.count > 150 {
      let suffix = FilePath(safe).extension.map { "." + $0 } ?? ""
      let ending = suffix.utf8.count <= 12 ? suffix : ""
      while safe.utf8.count > 150 - ending.utf8.count { safe.removeLast() }
      safe += ending
    }
    if safe.isEmpty { return "frame" }
    return safe.hasSuffix("." + partExtension) ? safe + "_" : safe
  }

  private static func numbered(_ name: String, _ number: Int) -> String {
    let path = FilePath(name)
    guard let suffix = path.extension, let stem = path.stem else { return "\(name)-\(number)" }
    return "\(stem)-\(number).\(suffix)"
  }
}
