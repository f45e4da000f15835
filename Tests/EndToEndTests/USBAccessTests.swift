import Foundation
import Glibc
import TestServers
import Testing

extension EndToEndTests {
  @Suite(
    "Who may use a camera on USB",
    .enabled(
      if: USBTestbed.isInstalled, "umockdev, gir1.2-umockdev-1.0 and python3-gi are not all installed"))
  struct USBAccessTests {
    @Test(
      "A camera that one may not open is said to be so, with the rules and the group that help",
      .enabled(if: Nobody.canRun, "setpriv is not there, or nobody may not run these programs"))
    func forbidden() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small("--vendor", "canon")
      let place = USBTestbed.Place()
      try await usb.plug(camera, at: place)
      try usb.forbid(place)
      let home = try Home()
      try Nobody.own(home.folder)
      func run(_ arguments: [String]) async throws -> Program {
        let program = try Program(
          Nobody.executable(Home.pixcheese),
          Nobody.arguments(Home.pixcheese) + arguments + ["--home", home.path],
          environment: usb.environment)
        _ = try await program.end()
        return program
      }
      let cameras = try await run(["cameras", "--camera", place.port])
      #expect(cameras.status == .exit(69))
      let tether = try await run([
        "tether", "--album", "Party", "--listen", "127.0.0.1:0", "--camera", place.port,
      ])
      #expect(tether.status == .exit(77))
      for program in [cameras, tether] {
        #expect(program.words.contains("You may not open the camera at \(place.port)"), "\(program.words)")
        #expect(program.words.contains(place.node))
        #expect(program.words.contains("udev/60-pixcheese.rules"))
        #expect(program.words.contains("usermod -aG plugdev"))
      }
    }

    @Test("A named camera that is not on USB ends the run with the reason, though others are watched for")
    func absent() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let tether = try await home.run(
        "tether", "--album", "Party", "--listen", "127.0.0.1:0", "--camera", "usb:1,9",
        environment: usb.environment)
      #expect(tether.status == .exit(69))
      #expect(tether.words.contains("There is no camera at usb:001,009"), "\(tether.words)")
    }

    @Test(
      "udev's own rule engine gives a camera to plugdev and to the seat, and starts the service; a hub it leaves alone",
      .enabled(if: Rules.canRun, "it needs root and udevadm"))
    func rules() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small("--vendor", "canon")
      try await usb.plug(camera, at: USBTestbed.Place())
      let given = try await Rules.applied(to: "usb1/1-1", in: usb)
      #expect(given.properties["PIXCHEESE_CAMERA"] == "1", "\(given.words)")
      #expect(given.tags.contains("uaccess"))
      #expect(given.words.contains("60-pixcheese.rules:17 MODE 0664"), "\(given.words)")
      #expect(given.words.contains("60-pixcheese.rules:17 GROUP"), "\(given.words)")
      // The optional ones: the desktop looks for the first three, systemd for the last two.
      for name in ["ID_GPHOTO2", "ID_MTP_DEVICE", "ID_MEDIA_PLAYER"] {
        #expect(given.properties[name, default: ""].isEmpty)
      }
      #expect(given.tags.contains("systemd"))
      #expect(given.properties["SYSTEMD_WANTS"] == "pixcheese.service")

      let hub = try await Rules.applied(to: "usb1", in: usb)
      #expect(hub.properties["PIXCHEESE_CAMERA"] == nil)
      #expect(hub.properties["SYSTEMD_WANTS"] == nil)
      #expect(!hub.words.contains("60-pixcheese.rules:17"))
      // A line that the engine does not understand is named by its file; what it does with the others begins with the device.
      #expect(
        !given.words.split(separator: "\n").contains { $0.hasPrefix("/run/udev/rules.d/") }, "\(given.words)")
      withExtendedLifetime(camera) {}
    }
  }
}

/// A user without rights: this one, or the system's nobody if this one is root, whom no mode keeps from a file.
private enum Nobody {
  private static let setpriv = "/usr/bin/setpriv"
  private static let number: uid_t = 65534

  private static func prefix(_ program: URL) -> [String] {
    guard getuid() == 0 else { return [program.path] }
    return [
      setpriv, "--reuid=\(number)", "--regid=\(number)", "--clear-groups", "--inh-caps=-all", program.path,
    ]
  }

  static func executable(_ program: URL) -> URL { URL(filePath: prefix(program)[0]) }
  static func arguments(_ program: URL) -> [String] { Array(prefix(program).dropFirst()) }

  static let canRun: Bool = {
    guard getuid() != 0 || FileManager.default.isExecutableFile(atPath: setpriv) else { return false }
    return TestEnvironment.succeeds(prefix(Home.pixcheese) + ["--version"])
  }()

  static func own(_ folder: URL) throws {
    guard getuid() == 0, chown(folder.path, number, number) != 0 else { return }
    throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
  }
}

/// The rules of this project, read by the system's udev, in a mount namespace whose `/run` is its own.
private enum Rules {
  struct Outcome {
    let properties: [String: String]
    /// What udev says of its reading, and what it prints.
    let words: String
    var tags: [Substring] { properties["TAGS", default: ""].split(separator: ":") }
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "udev")

  static let canRun: Bool =
    getuid() == 0
    && ["/usr/bin/udevadm", "/usr/bin/unshare", "/usr/bin/mount"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: $0)
    }

  /// - Parameter device: below the testbed's host controller.
  static func applied(to device: String, in usb: USBTestbed) async throws -> Outcome {
    // The preloaded library is for udevadm alone: mount must see the real files. The testbed's own properties are of
    // udev's making, and left out of what is asked.
    let script = """
      mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && cp "$1"/*.rules /run/udev/rules.d/ || exit 1
      LD_PRELOAD=$2 exec udevadm test --action=add "/sys/devices/pci0000:00/0000:00:14.0/$3" 2>&1
      """
    var environment = usb.environment
    let library = environment.removeValue(forKey: "LD_PRELOAD") ?? ""
    let program = try Program(
      URL(filePath: "/usr/bin/unshare"), ["-m", "sh", "-c", script, "sh", folder.path, library, device],
      environment: environment)
    guard try await program.end() == .exit(0) else {
      throw program.failure("udevadm does not test the rules")
    }
    let lines = program.lines.map(\.text)
    let pairs = lines.compactMap { line -> (String, String)? in
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].allSatisfy({ $0.isUppercase || $0.isNumber || $0 == "_" }) else {
        return nil
      }
      return (String(parts[0]), String(parts[1]))
    }
    return Outcome(
      properties: Dictionary(pairs) { _, last in last }, words: lines.joined(separator: "\n") + program.words)
  }
}
