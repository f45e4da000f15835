import Foundation

/// Real cameras' files, where they are: the folder of `PIXCHEESE_PHOTOS`, or `../shared/photos` beside the repository.
enum Photos {
  static let folder: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["PIXCHEESE_PHOTOS"].map { URL(filePath: $0) }
    let candidate = named ?? root.deletingLastPathComponent().appending(path: "shared/photos")
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), isFolder.boolValue
    else { return nil }
    return candidate
  }()

  static var areThere: Bool { folder != nil }

  static func path(_ name: String) -> String {
    folder?.appending(path: name).path ?? name
  }
}
