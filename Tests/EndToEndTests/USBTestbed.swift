import Foundation
import Glibc
import TestServers
import Testing

/// USB without hardware: `scripts/usb-testbed`, running. Programs that are started with its environment see its buses
/// and the cameras that are plugged in there, and talk to them through the system's own libusb.
final class USBTestbed: Sendable {
  /// What a program needs in its environment to see these buses and no others.
  let environment: [String: String]
  private let program: Program
  private let folder: URL

  /// What `umockdev-wrapper` puts in front of a program's libraries.
  private static let library = "libumockdev-preload.so.0"

  /// Where a camera is plugged in.
  struct Place: Sendable {
    var bus = 1
    var device = 2
    /// As the kernel names it: bus, port, and the ports of hubs in between.
    var socket = "1-1"

    /// `--camera` of `pixcheese`, and the port in its events.
    var port: String { String(format: "usb:%03d,%03d", bus, device) }
    /// The device's node, as programs in the testbed name it.
    var node: String { String(format: "/dev/bus/usb/%03d/%03d", bus, device) }
  }

  /// Debian's own program for cameras.
  static let gphoto2 = "/usr/bin/gphoto2"

  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "scripts/usb-testbed")

  /// Whether umockdev and its Python bindings are installed.
  static let isInstalled = TestEnvironment.succeeds([
    "/usr/bin/python3", "-c", "import gi; gi.require_version('UMockdev', '1.0')",
  ])

  private init(folder: URL) async throws {
    self.folder = folder
    // Sockets lie in it, whose paths are 107 bytes long at most.
    program = try Program(
      URL(filePath: "/usr/bin/python3"), [Self.script.path],
      environment: ["TMPDIR": folder.path, "LD_PRELOAD": Self.library])
    guard let root = try await program.first("ready").root else {
      throw program.failure("the testbed does not say its root")
    }
    environment = ["UMOCKDEV_DIR": root, "LD_PRELOAD": Self.library]
  }

  static func start() async throws -> USBTestbed {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "pcusb-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try await USBTestbed(folder: folder)
  }

  deinit {
    program.signal(SIGKILL)
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      Issue.record("\(folder.path) is left behind: \(error)")
    }
  }

  /// Plugs a simulated camera in.
  /// - Parameter identity: the vendor's and the product's number in hexadecimal, `04a9:32f4`.
  func plug(_ camera: SimulatedCamera, as name: String = "camera", at place: Place, identity: String? = nil)
    async throws
  {
    let identity = identity ?? Self.identities[camera.vendor] ?? "1209:0001"
    try await tell(
      "plug \(name) \(camera.port) \(place.bus) \(place.device) \(place.socket) \(identity) \(camera.serial)")
  }

  /// Takes everybody's rights on a camera's node away, and lets others than its user into the rest of the testbed.
  func forbid(_ place: Place) throws {
    let root = environment["UMOCKDEV_DIR"] ?? ""
    let entries = FileManager.default.enumerator(atPath: root)?.allObjects ?? []
    for path in [root] + entries.compactMap({ $0 as? String }).map({ "\(root)/\($0)" }) {
      guard chmod(path, path.hasSuffix(place.node) && !path.contains("/ioctl/") ? 0 : 0o777) == 0 else {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    }
  }

  /// Gives it a command (`unplug NAME`, `unplug-after NAME BYTES`, …), and waits for its answer.
  func tell(_ command: String) async throws {
    try await program.perform(command)
  }

  /// The numbers of the bodies that `pixcheese-camsim` plays, as libgphoto2 2.5.30 lists them; `generic` has one of
  /// pid.codes' for tests, which no driver lists.
  private static let identities = [
    "nikon": "04b0:0451", "canon": "04a9:32f4", "sony": "054c:0da7", "fuji": "04cb:02fc",
  ]
}
