import Foundation
import Glibc

/// A file system of a few megabytes, in memory, which only root can mount.
struct SmallDisk: Sendable {
  let folder: URL

  /// Whether this process may mount one.
  static func isPossible() async -> Bool {
    guard geteuid() == 0 else { return false }
    do {
      return try await with(megabytes: 1) { _ in true }
    } catch {
      // A container whose root may not mount.
      return false
    }
  }

  /// Mounts a disk for as long as `body` runs.
  static func with<Value: Sendable>(
    megabytes: Int, _ body: (SmallDisk) async throws -> Value
  ) async throws -> Value {
    let home = try Home()
    let folder = home.folder.appending(path: "disk")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(SmallDisk(folder: folder)))
    } catch {
      result = .failure(error)
    }
    // Lazily: a program that failed its test may still be ending.
    try await run("umount", "--lazy", folder.path)
    return try result.get()
  }

  /// Gives it another size.
  func grow(megabytes: Int) async throws {
    try await Self.run("mount", "-o", "remount,size=\(megabytes)m", folder.path)
  }

  /// Writes until nothing fits any more.
  func fill() throws {
    let file = open(folder.appending(path: "filling").path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(file) }
    let block = [UInt8](repeating: 0, count: 4096)
    while write(file, block, block.count) > 0 {}
  }

  /// Takes away what `fill` wrote.
  func empty() throws {
    guard unlink(folder.appending(path: "filling").path) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
  }

  private static func run(_ program: String, _ arguments: String...) async throws {
    let program = try Program(URL(filePath: "/bin/\(program)"), arguments)
    let status = try await program.end()
    guard status == .exit(0) else { throw program.failure("\(status)") }
  }
}
