import Crypto
import Foundation
import Glibc
import Model
import SystemPackage

/// An open file of the store; closed with its last reference. Every call blocks.
final class StoredFile: Sendable {
  private let path: FilePath
  private let descriptor: FileDescriptor
  /// Whether it is an upload that has another name besides its own, so that not one of its bytes may change: it has its place
  /// among the content (`DataFolder.adoptedHash`), where another album may show it, or somebody has linked it, for a
  /// snapshot of the folder or since it equals another file.
  let isLinked: Bool

  /// Opens a published file for reading.
  /// - Throws: `AlbumServerError` with `.notFound` where there is none.
  init(reading path: FilePath) throws(AlbumServerError) {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
    } catch Errno.noSuchFileOrDirectory {
      throw AlbumServerError(.notFound, "\(path) is not there")
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be opened", underlying: error)
    }
    isLinked = false
  }

  /// Opens an upload at an offset: what lies beyond it was never acknowledged and is cut off.
  /// One that is linked (`isLinked`) stays as it is.
  /// - Throws: `AlbumServerError` with `.notFound` where fewer bytes are there than the offset says.
  init(upload path: FilePath, offset: Int64) throws(AlbumServerError) {
    self.path = path
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: offset == 0 ? [.create, .closeOnExec] : .closeOnExec,
        permissions: .ownerReadWrite)
    } catch Errno.noSuchFileOrDirectory {
      throw AlbumServerError(.notFound, "\(path) is not there")
    } catch let error as Errno {
      throw .file(path, "cannot be opened", error)
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be opened", underlying: error)
    }
    do {
      let names = try FileManager.default.attributesOfItem(atPath: path.string)[.referenceCount] as? Int
      isLinked = (names ?? 1) > 1
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be looked at", underlying: error)
    }
    guard !isLinked else { return }
    let length = try length()
    guard length >= offset else {
      throw AlbumServerError(.notFound, "\(path) is shorter than what was acknowledged")
    }
    if length > offset { try truncate(to: offset) }
  }

  deinit {
    // Nothing can be done about a failing close here: what matters was synced, and the error was seen there.
    _ = Glibc.close(descriptor.rawValue)
  }

  /// The length in bytes.
  func length() throws(AlbumServerError) -> Int64 {
    do {
      return try descriptor.seek(offset: 0, from: .end)
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be measured", underlying: error)
    }
  }

  /// Whether a path leads to the file that has this one's path.
  func isSame(as other: FilePath) throws(AlbumServerError) -> Bool {
    guard let theirs = try Self.identity(of: other) else { return false }
    return try Self.identity(of: path) == theirs
  }

  /// Device and inode; `nil` where there is nothing.
  private static func identity(of path: FilePath) throws(AlbumServerError) -> [Int?]? {
    do {
      let found = try FileManager.default.attributesOfItem(atPath: path.string)
      return [FileAttributeKey.systemNumber, .systemFileNumber].map { (found[$0] as? NSNumber)?.intValue }
    } catch CocoaError.fileReadNoSuchFile {
      return nil
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be looked at", underlying: error)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(AlbumServerError) {
    do {
      _ = try descriptor.writeAll(toAbsoluteOffset: offset, bytes)
    } catch let error as Errno {
      throw .file(path, "cannot be written", error)
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be written", underlying: error)
    }
  }

  /// Reads up to `count` bytes; none at the end of the file.
  func read(_ count: Int, at offset: Int64) throws(AlbumServerError) -> [UInt8] {
    do {
      return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        filled = try descriptor.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
      }
    } catch {
      throw AlbumServerError(.file, "\(path) cannot be read", underlying: error)
    }
  }

  /// SHA-256 of everything in the file.
  func hash() throws(AlbumServerError) -> ContentHash {
    var hasher = SHA256()
    var offset: Int64 = 0
    while true {
      let bytes = try read(1 << 20, at: offset)
      guard !bytes.isEmpty else { return ContentHash(hasher.finalize()) }
      hasher.update(data: bytes)
      offset += Int64(bytes.count)
    }
  }

  func truncate(to length: Int64) throws(AlbumServerError) {
    guard ftruncate(descriptor.rawValue, off_t(length)) == 0 else { throw failure("cannot be cut") }
  }

  /// The bytes and the length survive a power cut after this.
  func syncBytes() throws(AlbumServerError) {
    guard fdatasync(descriptor.rawValue) == 0 else { throw failure("cannot be synced") }
  }

  /// Bytes and everything the file system knows of the file survive a power cut after this.
  func sync() throws(AlbumServerError) {
    guard fsync(descriptor.rawValue) == 0 else { throw failure("cannot be synced") }
  }

  private func failure(_ words: String) -> AlbumServerError {
    .file(path, words, Errno(rawValue: errno))
  }
}

extension StoredFile {
  private static let piece = 4 << 20

  /// SHA-256 of everything in the file, a piece at a time: no thread is held for a whole clip, and a server that stops does
  /// not wait for the end.
  /// - Throws: `AlbumServerError`, `CancellationError`.
  func hashInPieces() async throws -> ContentHash {
    var hasher = SHA256()
    var offset: Int64 = 0
    while true {
      try Task.checkCancellation()
      let (soFar, start) = (hasher, offset)
      let (count, sum) = try await BlockingThreads.run {
        var sum = soFar
        let bytes = try self.read(Self.piece, at: start)
        sum.update(data: bytes)
        return (bytes.count, sum)
      }
      guard count > 0 else { return ContentHash(hasher.finalize()) }
      hasher = sum
      offset += Int64(count)
    }
  }
}
