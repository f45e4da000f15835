import Foundation
import Testing

/// JPEG files that a simulated camera made, in a folder of the home's.
enum Pictures {
  /// - Parameters:
  ///   - name: the folder's, beside the home.
  ///   - megabytes: of each picture, exactly.
  /// - Returns: the files, in the order in which they were taken.
  static func make(_ count: Int, in home: Home, as name: String, megabytes: Double = 0.3) async throws
    -> [URL]
  {
    let folder = home.folder.appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let camera = try await SimulatedCamera.start(
      "--card", folder.path, "--megabytes", "\(megabytes)", "--scenes", "2", "--seed", "\(name.utf8.count)")
    try await camera.shoot(count)
    let paths =
      FileManager.default.enumerator(atPath: folder.path)?.allObjects.compactMap { $0 as? String } ?? []
    let files = paths.filter { $0.hasSuffix(".JPG") }.sorted().map { folder.appending(path: $0) }
    try #require(files.count == count)
    return files
  }
}
