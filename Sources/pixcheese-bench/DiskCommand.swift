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
    let page = [UInt8](repeating: 7, count: 4096)
    var times: [Double] = []
    for index in 0..<syncs {
      times.append(
        try ContinuousClock().measure {
          // As a write-ahead log does: append a page, sync.
          let count = page.withUnsafeBytes {
            pwrite(descriptor, $0.baseAddress, $0.count, off_t(index * page.count))
          }
          guard count == page.count, fdatasync(descriptor) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
          }
        }.seconds)
    }
    times.sort()
    let chunk = [UInt8](repeating: 7, count: 1 << 20)
    let hashing = ContinuousClock().measure {
      var hash = SHA256()
      for _ in 0..<256 { chunk.withUnsafeBytes { hash.update(bufferPointer: $0) } }
      _ = hash.finalize()
    }
    try BenchCommand.answer([
      "sync_median": times[times.count / 2], "sync_worst": times[times.count - 1],
      "sha256_bytes_per_second": Double(256 << 20) / hashing.seconds,
    ])
  }
}
