import Blocking
import Foundation
import Glibc
import Journal
import Model
public import SystemPackage

/// The files that some paths stand for, found without reading any of them.
public struct FileScan: Hashable, Sendable {
  /// A file that is to be sent.
  public struct Found: Hashable, Sendable {
    /// Its absolute path.
    public let path: FilePath
    /// Length in bytes.
    public let bytes: Int64
    /// Modification time, nanoseconds since 1970.
    public let modifiedNanoseconds: Int64
  }

  /// A path that a person gave and that cannot be sent.
  public struct Refused: Hashable, Sendable {
    /// Why it cannot.
    public enum Reason: Hashable, Sendable {
      /// There is no such file or folder.
      case missing
      /// It may not be read.
      case notAllowed
      /// By its name it is no picture and no clip.
      case noPicture
      /// It has no bytes.
      case empty
      /// It is a device, a socket or a pipe.
      case notAFile
      /// The kernel's words for anything else.
      case unreadable(String)
    }
    public let path: FilePath
    public let reason: Reason
  }

  /// In the order given; a folder's files in the order of their names.
  public private(set) var files: [Found] = []
  public private(set) var refused: [Refused] = []
  /// Files inside folders that are neither picture nor clip, and are passed over.
  public private(set) var passedOver = 0
  /// Pictures and clips inside folders that have no bytes: they are named and passed over. What a card or a copy left
  /// behind is no reason to refuse a folder.
  public private(set) var empty: [FilePath] = []

  private var seen: Set<FileIdentity> = []

  private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  /// Looks at files and, all the way down, folders. Blocks.
  ///
  /// A file that is reached twice counts once, links are followed, and hidden names inside folders are passed over.
  /// - Parameters:
  ///   - paths: as a person gave them; relative ones count from `directory`.
  ///   - directory: an absolute path.
  public init(of paths: [String], from directory: FilePath) {
    for path in paths {
      visit(directory.pushing(FilePath(path)).lexicallyNormalized(), isGiven: true)
    }
  }

  /// The same on a thread outside the cooperative pool.
  public static func scanning(_ paths: [String], from directory: FilePath) async -> FileScan {
    await offload { FileScan(of: paths, from: directory) }
  }

  private mutating func visit(_ path: FilePath, isGiven: Bool) {
    var status = stat()
    guard stat(path.string, &status) == 0 else { return refuse(path, errno: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      guard seen.insert(FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))).inserted
      else {
        return
      }
      let names: [String]
      do {
        names = try FileManager.default.contentsOfDirectory(atPath: path.string)
      } catch {
        return refused.append(Refused(path: path, reason: .notAllowed))
      }
      for name in names.sorted() where !name.hasPrefix(".") {
        visit(path.appending(name), isGiven: false)
      }
    case S_IFREG:
      guard MediaType.isPictureOrClip(named: path.lastComponent?.string ?? "") else {
        if isGiven { refused.append(Refused(path: path, reason: .noPicture)) } else { passedOver += 1 }
        return
      }
      guard status.st_size > 0 else {
        if isGiven { refused.append(Refused(path: path, reason: .empty)) } else { empty.append(path) }
        return
      }
      guard seen.insert(FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))).inserted
      else {
        return
      }
      files.append(
        Found(path: path, bytes: Int64(status.st_size), modifiedNanoseconds: status.modifiedNanoseconds))
    default:
      if isGiven { refused.append(Refused(path: path, reason: .notAFile)) } else { passedOver += 1 }
    }
  }

  private mutating func refuse(_ path: FilePath, errno number: Int32) {
    let reason: Refused.Reason =
      switch number {
      case ENOENT, ENOTDIR: .missing
      case EACCES, EPERM: .notAllowed
      default: .unreadable(String(cString: strerror(number)))
      }
    refused.append(Refused(path: path, reason: reason))
  }
}

extension stat {
  /// Modification time in nanoseconds since 1970.
  var modifiedNanoseconds: Int64 { Int64(st_mtim.tv_sec) * 1_000_000_000 + Int64(st_mtim.tv_nsec) }
}
