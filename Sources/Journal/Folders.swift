import Glibc
import SystemPackage

/// Folders whose making survives a power cut.
enum Folders {
  /// Makes a folder and those above it, each synced into its parent.
  static func create(_ path: FilePath) throws(JournalError) {
    if access(path.string, F_OK) == 0 { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty, parent != path { try create(parent) }
    guard mkdir(path.string, 0o755) == 0 || errno == EEXIST else {
      let error = JournalError(errno: errno, while: "Creating the folder \(path)")
      throw error.code == .io ? JournalError(.cannotCreate, error.message) : error
    }
    try sync(parent.isEmpty ? FilePath(".") : parent)
  }

  /// Syncs a folder's names to disk.
  static func sync(_ path: FilePath) throws(JournalError) {
    let descriptor = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw JournalError(errno: errno, while: "Opening the folder \(path)") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw JournalError(errno: errno, while: "Syncing the folder \(path)")
    }
  }

  /// The names in a folder, but `.` and `..`.
  static func names(in path: FilePath) throws(JournalError) -> [String] {
    guard let stream = opendir(path.string) else {
      throw JournalError(errno: errno, while: "Reading the folder \(path)")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  static func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
