import Foundation
import Glibc
import Model
import SystemPackage

/// Where the files of a store lie:
///
///     albums.sqlite        who has what
///     admin-token          the first administrator token, mode 0600
///     embedded-key         what the embedded albums' tokens are made from, mode 0600
///     uploads/ID           bytes that are still arriving
///     HASH.attempts        while a picture is in work: attempts at it that the server did not outlive
///     content/ab/cdef…     published bytes by their SHA-256, never changed
///
/// Every call here blocks: it is made on `BlockingThreads`.
struct DataFolder: Sendable {
  let root: FilePath

  /// Makes the folders that are missing.
  init(_ root: FilePath) throws(AlbumServerError) {
    self.root = root
    do {
      for folder in [root, root.appending("uploads"), root.appending("content")] {
        try FileManager.default.createDirectory(
          atPath: folder.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      }
    } catch {
      throw AlbumServerError(.dataFolder, "the data folder \(root) cannot be made", underlying: error)
    }
  }

  var database: FilePath { root.appending("albums.sqlite") }
  var adminToken: FilePath { root.appending("admin-token") }
  var embeddedKey: FilePath { root.appending("embedded-key") }
  var uploads: FilePath { root.appending("uploads") }

  /// A file that counts the attempts at an original's renditions that the server did not outlive.
  func attemptMark(of original: ContentHash) -> FilePath { root.appending("\(original.hex).attempts") }

  // These two are made for each upload: as text, since `FilePath` looks at every character of every part.
  func upload(_ id: UploadID) -> FilePath {
    FilePath("\(root.string)/uploads/\(id.text)")
  }

  /// The published file with these bytes.
  func content(_ hash: ContentHash) -> FilePath {
    let hex = hash.hex
    return FilePath("\(root.string)/content/\(hex.prefix(2))/\(hex.dropFirst(2))")
  }

  /// Gives a finished, synced upload its place among the published files, and makes that survive a power cut.
  ///
  /// The upload's own name stays until the database says that it is published: after a crash in between the next request
  /// for it publishes it (`adoptedHash`). Where a file system has no hard links the file moves instead.
  func adopt(_ upload: FilePath, as hash: ContentHash) throws(AlbumServerError) {
    let target = content(hash)
    let folder = FilePath("\(root.string)/content/\(hash.hex.prefix(2))")
    if mkdir(folder.string, 0o700) == 0 {
      try sync(folder: root.appending("content"))
    } else if errno != EEXIST {
      throw failure(folder, "cannot be made")
    }
    if link(upload.string, target.string) != 0 {
      switch errno {
      case EEXIST: try replaceIfDamaged(target, by: upload)
      case EPERM, EOPNOTSUPP, EMLINK:
        guard rename(upload.string, target.string) == 0 else { throw failure(target, "cannot be written") }
      default: throw failure(target, "cannot be written")
      }
    }
    try sync(folder: folder)
  }

  /// The hash of an upload that has its place among the published files (`adopt`), while the database does not know it: a
  /// crash, or a full disk, came between the two. `nil` for any other that has a second name.
  /// - Parameter length: what the upload has when it is whole.
  func adoptedHash(of upload: StoredFile, length: Int64) throws(AlbumServerError) -> ContentHash? {
    guard try upload.length() == length else { return nil }
    let hash = try upload.hash()
    return try upload.isSame(as: content(hash)) ? hash : nil
  }

  /// Gives an upload that somebody has linked a file of its own, which may be written to.
  /// - Parameter count: so many of its bytes were acknowledged.
  /// - Throws: `AlbumServerError` with `.notFound` where it has fewer.
  func separate(
    _ upload: FilePath, from linked: StoredFile, keeping count: Int64
  ) throws -> StoredFile {
    let draft = self.upload(UploadID())
    do {
      let copy = try StoredFile(upload: draft, offset: 0)
      var offset: Int64 = 0
      while offset < count {
        let bytes = try linked.read(Int(min(1 << 20, count - offset)), at: offset)
        guard !bytes.isEmpty else {
          throw AlbumServerError(.notFound, "\(upload) is shorter than what was acknowledged")
        }
        try bytes.withUnsafeBytes { try copy.write($0, at: offset) }
        offset += Int64(bytes.count)
      }
      try copy.sync()
      guard rename(draft.string, upload.string) == 0 else { throw failure(upload, "cannot be written") }
    } catch {
      try remove(draft)
      throw error
    }
    try sync(folder: uploads)
    return try StoredFile(upload: upload, offset: count)
  }

  /// Published bytes that are as many as they should be stay; others are no longer what their name says (a disk that
  /// failed, a person), and the upload takes their place.
  private func replaceIfDamaged(_ target: FilePath, by upload: FilePath) throws(AlbumServerError) {
    guard try StoredFile(reading: target).length() != StoredFile(reading: upload).length() else { return }
    // Killed in between there is none, and the upload, which has its own name still, is finished once more.
    try remove(target)
    guard link(upload.string, target.string) == 0 else { throw failure(target, "cannot be replaced") }
  }

  /// Takes a file away; one that is not there is fine.
  func remove(_ file: FilePath) throws(AlbumServerError) {
    guard unlink(file.string) == 0 || errno == ENOENT else { throw failure(file, "cannot be removed") }
  }

  /// The room on the folder's file system.
  func room() throws(AlbumServerError) -> DiskRoom {
    var figures = statvfs()
    guard statvfs(root.string, &figures) == 0 else { throw failure(root, "cannot be measured") }
    return DiskRoom(figures)
  }

  /// Looks whether an album may take so many bytes more, and leave the databases what is theirs.
  /// - Throws: `AlbumServerError` with `.noRoom`.
  func requireRoom(for count: Int64) throws(AlbumServerError) {
    let room = try room()
    guard room.free - count >= room.albumReserve else {
      throw AlbumServerError(
        .noRoom, "\(root) has \(room.free) bytes left, an upload needs \(count) and leaves some free")
    }
  }

  /// The names in `uploads/` whose bytes last changed before a time.
  func uploadNames(unchangedSince limit: Date) throws(AlbumServerError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: uploads.string).filter { name in
        let attributes = try FileManager.default.attributesOfItem(atPath: uploads.appending(name).string)
        guard let changed = attributes[.modificationDate] as? Date else { return false }
        return changed < limit
      }
    } catch {
      throw AlbumServerError(.file, "\(uploads) cannot be read", underlying: error)
    }
  }

  /// Reads a small secret, or makes it: `make` is only called where the file is not there yet. The new file has
  /// mode 0600 from its first moment and is synced.
  func secret(at path: FilePath, make: () -> String) throws(AlbumServerError) -> String {
    if let text = try read(secret: path) { return text }
    let text = make()
    let draft = FilePath("\(path.string).\(UploadID()).new")
    do {
      let file = try FileDescriptor.open(
        draft, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
      try file.closeAfter {
        _ = try file.writeAll(Array("\(text)\n".utf8))
        guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
    } catch {
      throw AlbumServerError(.dataFolder, "\(path) cannot be written", underlying: error)
    }
    // Only one of several starting processes gives the file its name; the others read that one.
    let linked = link(draft.string, path.string) == 0
    let code = errno
    try remove(draft)
    try sync(folder: root)
    if linked { return text }
    guard code == EEXIST, let text = try read(secret: path) else {
      throw AlbumServerError(.dataFolder, "\(path) cannot be written", underlying: Errno(rawValue: code))
    }
    return text
  }

  private func read(secret path: FilePath) throws(AlbumServerError) -> String? {
    guard access(path.string, F_OK) == 0 else { return nil }
    do {
      let text = try String(contentsOfFile: path.string, encoding: .utf8)
      return text.trimmingCharacters(in: .whitespacesAndNewlines)
    } catch {
      throw AlbumServerError(.dataFolder, "\(path) cannot be read", underlying: error)
    }
  }

  private func sync(folder: FilePath) throws(AlbumServerError) {
    let descriptor = open(folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder, "cannot be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure(folder, "cannot be synced") }
  }

  private func failure(_ path: FilePath, _ words: String) -> AlbumServerError {
    .file(path, words, Errno(rawValue: errno))
  }
}

extension AlbumServerError {
  /// A file call that failed: no room is told apart, since a client can wait for that.
  static func file(_ path: FilePath, _ words: String, _ errno: Errno) -> AlbumServerError {
    let isFull = errno.rawValue == ENOSPC || errno.rawValue == EDQUOT
    return AlbumServerError(isFull ? .noRoom : .file, "\(path) \(words)", underlying: errno)
  }
}
