import Foundation
import Glibc
public import SystemPackage

/// The right to write one journal: an advisory lock (of the open file, `F_OFD_SETLK`) that goes with the process, however it ends.
public final class JournalLock: Sendable {
  private let descriptor: FileDescriptor

  /// Blocks.
  /// - Parameter patience: how long somebody who has it is waited for.
  /// - Throws: `JournalError` with code `locked` when another process has it, naming its process number.
  init(at path: FilePath, patience: Duration = .zero) throws(JournalError) {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw JournalError(errno: (error as? Errno)?.rawValue ?? EIO, while: "Opening \(path)")
    }
    let deadline = ContinuousClock.now + patience
    while true {
      var lock = Self.wholeFile
      if fcntl(descriptor.rawValue, Self.takeLock, &lock) == 0 { break }
      let number = errno
      if number == EAGAIN || number == EACCES, ContinuousClock.now < deadline {
        usleep(20_000)
        continue
      }
      let holder = Self.number(in: descriptor).map { " (process \($0))" } ?? ""
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

  /// The number of the process that is at work with a journal; `nil` where none is.
  public static func holder(beside journal: FilePath) -> Int32? {
    guard isHeld(beside: journal),
      let descriptor = try? FileDescriptor.open(
        journal.removingLastComponent().appending("journal.lock"), .readOnly, options: .closeOnExec)
    else { return nil }
    defer { try? descriptor.close() }
    return number(in: descriptor)
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

  private static func number(in descriptor: FileDescriptor) -> Int32? {
    var buffer = [UInt8](repeating: 0, count: 20)
    let count = buffer.withUnsafeMutableBytes { pread(descriptor.rawValue, $0.baseAddress, $0.count, 0) }
    guard count > 0 else { return nil }
    return Int32(String(decoding: buffer.prefix(count), as: UTF8.self).trimmingCharacters(in: .newlines))
  }
}
