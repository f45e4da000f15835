import Glibc

/// A program that has a USB device open.
public struct DeviceHolder: Hashable, Sendable {
  /// Its process number.
  public let process: Int32
  /// Its name as the kernel keeps it (at most 15 bytes), `gvfsd-gphoto2`.
  public let name: String

  /// Who has a device open, of the processes that we may look at. Blocks: reads `/proc`.
  public static func holding(bus: Int, device: Int) -> [DeviceHolder] {
    func padded(_ number: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
    let node = "/dev/bus/usb/\(padded(bus))/\(padded(device))"
    return entries(of: "/proc").compactMap { Int32($0) }.filter { $0 != getpid() }.compactMap { process in
      let folder = "/proc/\(process)/fd"
      guard entries(of: folder).contains(where: { target(of: "\(folder)/\($0)") == node }) else { return nil }
      return DeviceHolder(process: process, name: name(of: process))
    }
  }

  /// What frees the camera from this program, for a person to type.
  public var remedy: String {
    if name.hasPrefix("gvfs") { return "gio mount -s gphoto2" }
    return "kill \(process)"
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

  private static func target(of link: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink(link, &buffer, buffer.count)
    return count > 0
      ? String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
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
