import CGNU
import Crypto
import Foundation
import Glibc
import Journal
import Model
import SystemPackage

/// One original being written: its part, and the hash of the same bytes. A part that was begun before is gone on with.
final class OriginalFile {
  /// What is written, and where.
  struct Plan: Sendable {
    /// The worker's number for it.
    let object: UInt64
    /// The camera's name for it; hostile input.
    let name: String
    /// The spool's folder for it.
    let day: String
    /// Its length in bytes as the camera announced it.
    let bytes: Int64
    /// Where its part lies.
    let partial: FilePath
    /// Whether the camera can be asked for the rest of it.
    let mayResume: Bool
  }

  private let plan: Plan
  private let spool: Spool
  private let part: FilePath
  private let descriptor: Int32
  private var hash = SHA256()
  /// How many of its bytes are there and hashed.
  private(set) var written: Int64 = 0
  /// How many bytes were there at the beginning, to be gone on with once all of them are hashed.
  private var found: Int64 = 0
  /// Whether all that was there is hashed.
  var isTakenUp: Bool { written >= found }
  private var isOpen = true
  /// How many of its bytes the kernel was asked to write to the disk.
  private var handedOver: Int64 = 0
  private static let handedOverAtOnce: Int64 = 32 << 20

  init(_ plan: Plan, spool: Spool) throws(JournalError) {
    self.plan = plan
    self.spool = spool
    if let descriptor = try spool.openPartial(plan.partial) {
      part = plan.partial
      self.descriptor = descriptor
    } else {
      // A worker that is ending still has it: this one begins again, beside it.
      part = FilePath(plan.partial.string + ".\(getpid()).\(plan.object).\(Spool.partExtension)")
      guard let descriptor = try spool.openPartial(part) else {
        throw JournalError(.io, "\(part) is in use.")
      }
      self.descriptor = descriptor
    }
    var status = stat()
    if plan.mayResume, fstat(descriptor, &status) == 0, status.st_size <= plan.bytes {
      found = Int64(status.st_size)
    }
    if found == 0 { try empty() }
    try expectRoom()
  }

  deinit {
    if isOpen { close(descriptor) }
  }

  /// Hashes some more of what was there: gigabytes take long, and the camera is not to be left alone for that.
  /// - Parameter most: how many bytes at most.
  func takeUp(most: Int) throws(JournalError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: OriginalWriter.chunk, alignment: 4096)
    defer { buffer.deallocate() }
    let end = min(found, written + Int64(most))
    while written < end {
      let count = pread(
        descriptor, buffer.baseAddress, Int(min(Int64(buffer.count), end - written)), off_t(written))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(count < 0 ? errno : EIO, "Reading") }
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      written += Int64(count)
    }
  }

  /// Forgets what is there.
  func empty() throws(JournalError) {
    guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw failure(errno, "Emptying")
    }
    hash = SHA256()
    written = 0
    found = 0
    handedOver = 0
  }

  /// A full disk is known before the first byte.
  private func expectRoom() throws(JournalError) {
    var status = statvfs()
    guard fstatvfs(descriptor, &status) == 0 else { return }
    let (free, isHuge) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard !isHuge, free < UInt64(max(0, plan.bytes - found)) else { return }
    discard()
    throw JournalError(.full, "There is no room for \(plan.name.debugDescription) (\(plan.bytes) bytes).")
  }

  /// The last bytes that are there, at most so many.
  func tail(_ count: Int) throws(JournalError) -> [UInt8] {
    let wanted = Int(min(written, Int64(count)))
    var bytes = [UInt8](repeating: 0, count: wanted)
    var read = 0
    while read < wanted {
      let offset = off_t(written) - off_t(wanted - read)
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + read, wanted - read, offset)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure(count < 0 ? errno : EIO, "Reading") }
      read += count
    }
    return bytes
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(JournalError) {
    guard let start = bytes.baseAddress else { return }
    var offset = 0
    while offset < bytes.count {
      let count = write(descriptor, start + offset, bytes.count - offset)
      if count < 0 {
        if errno == EINTR { continue }
        throw failure(errno, "Writing")
      }
      offset += count
    }
    hash.update(bufferPointer: bytes)
    written += Int64(bytes.count)
    // A long file goes to the disk while it comes, so that its last sync is short. Only a hint: the sync is what counts.
    if written - handedOver >= Self.handedOverAtOnce {
      _ = gnu_start_writing(descriptor, handedOver, written - handedOver)
      handedOver = written
    }
  }

  /// Compares, syncs, names, syncs the folder.
  /// - Returns: the report: `fetched`, or `failed` if the length is not the announced one.
  func finish() throws(JournalError) -> WorkerReport {
    guard written == plan.bytes else {
      discard()
      return .failed(
        object: plan.object,
        FetchFailure(
          code: .wrongLength, message: "The camera announced \(plan.bytes) bytes and sent \(written)."))
    }
    // A worker that hung may have written to the part after it was looked at here: what is hashed is to be what is there.
    var status = stat()
    guard fstat(descriptor, &status) == 0, Int64(status.st_size) == written else {
      discard()
      return .failed(
        object: plan.object,
        FetchFailure(code: .disk, message: "Something else wrote to \(part) meanwhile."))
    }
    guard fdatasync(descriptor) == 0 else {
      let number = errno
      discard()
      throw failure(number, "Syncing")
    }
    // The lock goes with the descriptor: until the part has its final name nobody else may open it.
    let path: FilePath
    do {
      path = try spool.publish(partial: part, as: plan.name, day: plan.day)
    } catch {
      discard()
      throw error
    }
    isOpen = false
    guard close(descriptor) == 0 else { throw failure(errno, "Closing") }
    return .fetched(
      object: plan.object, path: path.string, bytes: written, sha256: ContentHash(hash.finalize()))
  }

  /// Leaves what there is of it for another time, if another time can go on with it.
  func leave() {
    guard plan.mayResume, max(written, found) > 0, part == plan.partial else { return discard() }
    if isOpen { close(descriptor) }
    isOpen = false
  }

  /// Removes what there is of it.
  func discard() {
    // What cannot be removed is dropped with the parts that nobody goes on with.
    unlink(part.string)
    if isOpen { close(descriptor) }
    isOpen = false
  }

  private func failure(_ number: Int32, _ action: String) -> JournalError {
    let code: JournalError.Code =
      switch number {
      case ENOSPC, EDQUOT: .full
      case EACCES, EPERM, EROFS: .notAllowed
      default: .io
      }
    return JournalError(code, "\(action) \(part): \(String(cString: strerror(number)))")
  }
}
