import ArgumentParser
import Foundation
import Glibc
import Journal
import Model
import SystemPackage

/// How fast frames become safe: all of it (bytes, name, folder, journal), and the journal's commit alone.
struct SafeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "safe", abstract: "Makes frames safe in a new journal and spool.")

  @Option(help: "An empty folder on the disk to measure.")
  var folder: String

  @Option(help: "How many frames, for each of the two measurements.")
  var frames = 500

  @Option(help: "How long each original is, in bytes.")
  var bytes = 20_000

  func run() async throws {
    let home = FilePath(folder)
    let journal = try await Journal.open(
      at: home.appending("journal.sqlite"), spool: home.appending("spool"))
    let session = try await journal.beginSession()
    let clock = ContinuousClock()

    let whole = try await clock.measure {
      for number in 0..<frames {
        let original = try write(number, into: journal.spool)
        try await record(original, number, session, journal)
      }
    }
    // Rows that name files which are not there cost what others do.
    let alone = try await clock.measure {
      for number in frames..<(2 * frames) {
        let bytes = Self.content(number, count: bytes)
        let path = journal.spool.root.appending("2026-11-23").appending("GONE_\(number).JPG")
        try await record(Self.original(bytes, path), number, session, journal)
      }
    }
    try BenchCommand.answer([
      "frames": Double(frames), "safe_per_second": Double(frames) / whole.seconds,
      "commits_per_second": Double(frames) / alone.seconds,
    ])
  }

  /// As the worker writes an original: reserved, written, synced, named, its folder synced.
  private func write(_ number: Int, into spool: Spool) throws -> Original {
    let content = Self.content(number, count: bytes)
    let path = try spool.reserve("IMG_\(number).JPG", day: "2026-11-23")
    let descriptor = open(Spool.partPath(for: path).string, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Errno(rawValue: errno) }
    defer { close(descriptor) }
    let written = content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written == content.count, fdatasync(descriptor) == 0 else { throw Errno(rawValue: errno) }
    try Spool.publish(path)
    return Self.original(content, path)
  }

  private func record(_ original: Original, _ number: Int, _ session: Session, _ journal: Journal)
    async throws
  {
    let object = SourceObject(
      folder: "/store_00010001/DCIM/100PIXCH", name: original.name, bytes: original.bytes,
      modified: Int64(number))
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "bench", object: object, announcedAt: Date()),
      session: session,
      albums: ["bench"])
  }

  private static func content(_ number: Int, count: Int) -> [UInt8] {
    withUnsafeBytes(of: number) { Array($0) } + [UInt8](repeating: 7, count: max(0, count - 8))
  }

  private static func original(_ bytes: [UInt8], _ path: FilePath) -> Original {
    Original(
      hash: ContentHash(of: bytes), name: path.lastComponent?.string ?? "", mediaType: "image/jpeg",
      bytes: Int64(bytes.count), path: path, isInPlace: false)
  }
}
