import Foundation
import Glibc
import SystemPackage

/// The right to write one journal: an advisory lock (`flock`) that goes with the process, however it ends.
final class JournalLock: Sendable {
  private let descriptor: FileDescriptor

  /// - Throws: `JournalError` with code `locked` when another process has it, naming its process number.
  init(at path: FilePath) throws(JournalError) {
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(
        path, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
    } catch {
      throw JournalError(errno: (error as? Errno)?.rawValue ?? EIO, while: "Opening \(path)")
    }
    guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      let number = errno
      let holder = Self.holder(descriptor)
      // The lock file is only read here; a failing close changes nothing for anybody.
      try? descriptor.close()
      guard number == EWOULDBLOCK else { throw JournalError(errno: number, while: "Locking \(path)") }
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
