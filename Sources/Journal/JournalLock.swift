import Foundation
import Glibc
public import SystemPackage

/// The right to write one journal: an advisory lock (of the open file, `F_OFD_SETLK`) that goes with the process, however it ends.
public final class JournalLock: Sendable {
  private let descriptor: FileDescriptor

  /// - Throws: `JournalError` with code `locked` when another process has it, naming its process number.
  init(at path: FilePath) throws(JournalError) {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw JournalError(errno: (error as? Errno)?.rawValue ?? EIO, while: "Opening \(path)")
    }
    var lock = Self.wholeFile
    guard fcntl(descriptor.rawValue, Self.takeLock, &lock) == 0 else {
      let number = errno
      let holder = Self.holder(descriptor)
      // The lock file is only read here; a failing close changes nothing for anybody.
      try? descriptor.close()
      guard number == EAGAIN || number == EACCES else {
        throw JournalError(errno: number, while: "Locking \(path)")
      }
      throw JournalError(
        .locked, "Another pixcheese\(holder) is at work with this journal (\(path.removingLastComponent())).")
    }
    self.descriptor = descriptor
    let text = Array("\(getpid())\n".utf8)
    guard ftruncate(descriptor.rawValue, 0) == 0,
      text.withUnsafeBytes({ pwrite(descriptor.rawValue, $0.baseAddress, $0.count, 0) }) == text.count
    else { throw JournalError(errno: errno, while: "Writing \(path)") }
  }

  deinit {
    // Closing gives the lock back; there is nobody left to tell if it fails.
    try? descriptor.close()
  }

  /// Whether a process is at work with the journal whose database file this is.
  public static func isHeld(beside journal: FilePath) -> Bool {
    let path = journal.removingLastComponent().appending("journal.lock")
    let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Only asked, never taken: a writer that starts at this moment must not be refused.
    var lock = wholeFile
    return fcntl(descriptor, askForLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  // The overlay for glibc leaves these two of <asm-generic/fcntl.h> out.
  private static let askForLock: Int32 = 36  // F_OFD_GETLK
  private static let takeLock: Int32 = 37  // F_OFD_SETLK

  private static var wholeFile: Glibc.flock {
    var lock = Glibc.flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    return lock
  }

  private static func holder(_ descriptor: FileDescriptor) -> String {
    var buffer = [UInt8](repeating: 0, count: 20)
    let count = buffer.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
    guard count > 0,
      let number = Int32(
        String(decoding: buffer.prefix(count), as: UTF8.self).trimmingCharacters(in: .newlines))
    else { return "" }
    return " (process \(number))"
  }
}
