import ArgumentParser
import Crypto
import Foundation
import Glibc

/// What the disk and the processor do without us, for scale.
struct DiskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disk", abstract: "Times plain syncs of a small file, and SHA-256 of 256 MiB.")

  @Option(help: "A folder on the disk to measure.")
  var folder: String

  @Option(help: "How many syncs.")
  var syncs = 200

  func run() throws {
    let path = folder + "/sync"
    let descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    defer {
      close(descriptor)
      unlink(path)
    }
    // A new log grows with every commit, an older one is written over.
    let growing = try times(descriptor)
    let steady = try times(descriptor)
    let chunk = [UInt8](repeating: 7, count: 1 << 20)
    let hashing = ContinuousClock().measure {
      var hash = SHA256()
      for _ in 0..<256 { chunk.withUnsafeBytes { hash.update(bufferPointer: $0) } }
      _ = hash.finalize()
    }
    try BenchCommand.answer([
      "growing_sync_median": growing[syncs / 2], "growing_sync_worst": growing[syncs - 1],
      "sync_median": steady[syncs / 2], "sync_worst": steady[syncs - 1],
      "sha256_bytes_per_second": Double(256 << 20) / hashing.seconds,
    ])
  }

  /// Writes page after page from the file's start, syncs each, and answers how long each took, in order.
  private func times(_ descriptor: Int32) throws -> [Double] {
    let page = [UInt8](repeating: 7, count: 4096)
    return try (0..<syncs).map { index in
      try ContinuousClock().measure {
        let count = page.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress, $0.count, off_t(index * page.count))
        }
        guard count == page.count, fdatasync(descriptor) == 0 else {
          throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
      }.seconds
    }.sorted()
  }
}
