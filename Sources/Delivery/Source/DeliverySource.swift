import Crypto
import Curl
import Dispatch
import Foundation
import Journal
import Model
import SystemPackage

/// The file that a delivery sends, open, and whether it is still the one that was taken.
///
/// Disks block, and so everything here happens on a queue of its own, never on the threads that Swift's tasks share.
struct DeliverySource: Sendable {
  let file: ReadableFile
  private let bytes: Int64
  /// Only a file that lies with the person can change; the spool is ours.
  private let modifiedNanoseconds: Int64?
  private let disk: DispatchQueue

  /// Opens a delivery's file.
  /// - Throws: `SourceError`: `fileMissing`, `fileUnreadable`, `fileChanged`, `exhausted`.
  static func open(_ delivery: Delivery, on disk: DispatchQueue) async throws(SourceError) -> DeliverySource {
    if let left = delivery.leftSpoolAt {
      throw SourceError(
        DeliveryReason(
          .fileMissing,
          "The original left the spool on \(left.formatted(.iso8601.year().month().day())), delivered everywhere "
            + "(spool.keep). Where there is another copy, pixcheese upload sends that."))
    }
    let path = delivery.path.string
    let opened = await disk.value { () -> Result<ReadableFile, ReadableFile.OpenError> in
      Result { () throws(ReadableFile.OpenError) in try ReadableFile(path: path) }
    }
    switch opened {
    case .failure(let error):
      throw SourceError(DeliveryReason(error))
    case .success(let file):
      let source = DeliverySource(
        file: file, bytes: delivery.bytes,
        modifiedNanoseconds: delivery.isInPlace ? delivery.modifiedNanoseconds : nil, disk: disk)
      try await source.check()
      return source
    }
  }

  /// Looks whether the file is still what it was when it was taken.
  /// - Throws: `SourceError`: `fileUnreadable`, `fileChanged`.
  func check() async throws(SourceError) {
    let file = self.file
    let measured = await disk.value { Result { () throws(ReadableFile.OpenError) in try file.stamp() } }
    switch measured {
    case .failure(let error):
      throw SourceError(DeliveryReason(.fileUnreadable, error.description))
    case .success(let stamp):
      guard stamp.bytes == bytes else {
        throw SourceError(
          DeliveryReason(
            .fileChanged, "\(file.path) has \(stamp.bytes) bytes; it had \(bytes) when it was taken."))
      }
      guard modifiedNanoseconds == nil || stamp.modifiedNanoseconds == modifiedNanoseconds else {
        throw SourceError(DeliveryReason(.fileChanged, "\(file.path) was changed after it was taken."))
      }
    }
  }

  /// The digest of a part of the file, in base64.
  /// - Throws: `SourceError`: `fileUnreadable`.
  func digest(of range: Range<Int64>, by algorithm: TusChecksum) async throws(SourceError) -> String {
    let file = self.file
    let digest = await disk.value { () -> Data? in
      switch algorithm {
      case .sha1: Self.digest(of: range, in: file, by: Insecure.SHA1()).map { Data($0) }
      case .sha256: Self.digest(of: range, in: file, by: SHA256()).map { Data($0) }
      }
    }
    guard let digest else {
      throw SourceError(DeliveryReason(.fileUnreadable, "\(file.path) cannot be read."))
    }
    return digest.base64EncodedString()
  }

  /// The SHA-256 of a part of the file.
  /// - Throws: `SourceError`: `fileUnreadable`.
  func hash(of range: Range<Int64>) async throws(SourceError) -> ContentHash {
    let file = self.file
    let hash = await disk.value { () -> ContentHash? in
      Self.digest(of: range, in: file, by: SHA256()).map(ContentHash.init)
    }
    guard let hash else { throw SourceError(DeliveryReason(.fileUnreadable, "\(file.path) cannot be read.")) }
    return hash
  }

  /// Looks whether the file still has the bytes that were taken, after a server said that they are not (460): a disk
  /// rots in silence, and what it has lost no new try brings back.
  /// - Parameter hash: SHA-256 of what was taken.
  /// - Throws: `SourceError`: `fileUnreadable`, `fileChanged`.
  func verify(_ hash: ContentHash) async throws(SourceError) {
    guard try await self.hash(of: 0..<bytes) == hash else {
      throw SourceError(
        DeliveryReason(
          .fileChanged,
          "\(file.path) is damaged: its bytes are not those that were taken. Put a good copy there and try again."
        ))
    }
  }

  private static func digest<Function: HashFunction>(
    of range: Range<Int64>, in file: ReadableFile, by function: Function
  ) -> Function.Digest? {
    var function = function
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let part = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<Int(min(256 << 10, range.upperBound - offset))])
      guard file.read(into: part, at: offset) == part.count else { return nil }
      function.update(bufferPointer: UnsafeRawBufferPointer(part))
      offset += Int64(part.count)
    }
    return function.finalize()
  }
}

extension DeliveryReason {
  /// What keeps a file from being opened.
  init(_ error: ReadableFile.OpenError) {
    let code: Code =
      if error.isExhaustion { .exhausted } else { error.isMissing ? .fileMissing : .fileUnreadable }
    self.init(code, error.description)
  }
}

/// Why a file cannot be sent.
struct SourceError: Error, Hashable {
  let reason: DeliveryReason

  init(_ reason: DeliveryReason) {
    self.reason = reason
  }
}

extension DispatchQueue {
  /// Runs a call that may block on this queue and gives its value back.
  fileprivate func value<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      self.async { continuation.resume(returning: body()) }
    }
  }
}
