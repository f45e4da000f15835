import Foundation
public import SystemPackage

/// A folder of a test's own, which goes with its last owner.
public final class TemporaryFolder: Sendable {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "pixcheese-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    // A server may have removed it already.
    guard FileManager.default.fileExists(atPath: path) else { return }
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      FileHandle.standardError.write(Data("\(path) is left behind: \(error)\n".utf8))
    }
  }

  public var filePath: FilePath { FilePath(path) }

  /// Writes a file, and says where it lies.
  public func file(_ name: String, _ text: String) throws -> FilePath {
    let file = filePath.appending(name)
    try Data(text.utf8).write(to: URL(filePath: file.string))
    return file
  }
}
