import Glibc

/// A program that has a USB device open.
public struct DeviceHolder: Hashable, Sendable {
  /// Its process number.
  public let process: Int32
  /// Its name as the kernel keeps it (at most 15 bytes), `gvfsd-gphoto2`.
  public let name: String

  /// Who has a device open, of the processes that we may look at. Blocks: reads `/proc`.
  public static func holding(_ port: CameraPort) -> [DeviceHolder] {
    guard let device = FileIdentity(port) else { return [] }
    return entries(of: "/proc").compactMap { Int32($0) }.filter { $0 != getpid() && $0 > 1 }
      .filter { isHolding(device, $0) }.map { DeviceHolder(process: $0, name: name(of: $0)) }
  }

  /// Whether it has the device open, now.
  func isHolding(_ port: CameraPort) -> Bool {
    FileIdentity(port).map { Self.isHolding($0, process) } ?? false
  }

  /// Whether it belongs to the desktop's virtual file system, which lets go of a camera when it is asked to.
  public var isDesktop: Bool { name.hasPrefix("gvfs") }

  /// Whether it is a `pixcheese`: then the camera is at work already.
  public var isPixcheese: Bool { name.hasPrefix("pixcheese") }

  /// What frees the camera from this program, as a sentence for a person.
  public var remedy: String {
    if isPixcheese { return "It is tethered already: stop that one first." }
    let command = isDesktop ? "gio mount -s gphoto2" : "kill \(process)"
    return "`\(command)` frees it, and so does --take-over."
  }

  /// A device's node or an open file, whatever its path: a container or a mount has others than we.
  private struct FileIdentity: Equatable {
    let device: UInt
    let number: UInt

    init?(path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = UInt(status.st_dev)
      number = UInt(status.st_ino)
    }

    init?(_ port: CameraPort) {
      guard let node = port.node else { return nil }
      self.init(path: node)
    }
  }

  private static func isHolding(_ device: FileIdentity, _ process: Int32) -> Bool {
    let folder = "/proc/\(process)/fd"
    return entries(of: folder).contains { FileIdentity(path: "\(folder)/\($0)") == device }
  }

  private static func entries(of folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      names.append(
        withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names
  }

  private static func name(of process: Int32) -> String {
    let descriptor = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "process \(process)" }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = buffer.withUnsafeMutableBytes { $0.baseAddress.map { Glibc.read(descriptor, $0, 64) } ?? 0 }
    return String(decoding: buffer.prefix(max(0, count)).prefix { $0 != 10 }, as: UTF8.self)
  }
}
