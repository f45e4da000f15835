import Foundation
import Testing

@testable import Commands

/// A D-Bus of a test's own with a NetworkManager on it that says what it is told to; it ends with its owner.
private final class FakeNetworkManager {
  let address: String
  private let process = Process()
  private let input = Pipe()

  static let isPossible: Bool = {
    let gi = ["/usr/lib/python3/dist-packages/gi/__init__.py", "/usr/bin/dbus-daemon", "/usr/bin/python3"]
    return gi.allSatisfy { FileManager.default.fileExists(atPath: $0) }
  }()

  /// - Parameter metered: `NMMetered`; `nil` leaves the bus without a NetworkManager.
  init(metered: Int?) throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = ["-c", Self.script, metered.map(String.init) ?? ""]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      guard let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty else { break }
      line.append(byte)
    }
    address = String(decoding: line.dropLast(), as: UTF8.self)
    try #require(address.hasPrefix("unix:"))
  }

  deinit {
    // The script ends its bus when its standard input ends.
    try? input.fileHandleForWriting.close()
  }

  private static let script = """
    import subprocess, sys, threading
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = daemon.stdout.readline().strip()
    def end():
        sys.stdin.read()
        daemon.kill()
        import os
        os._exit(0)
    threading.Thread(target=end, daemon=True).start()
    if not sys.argv[1]:
        print(address, flush=True)
        daemon.wait()
    else:
        from gi.repository import Gio, GLib
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        name = "org.freedesktop.NetworkManager"
        xml = f'<node><interface name="{name}"><property name="Metered" type="u" access="read"/></interface></node>'
        bus.register_object(
            "/org/freedesktop/NetworkManager", Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0], None,
            lambda *_: GLib.Variant("u", int(sys.argv[1])), None)
        Gio.bus_own_name_on_connection(
            bus, name, 0, lambda *_: print(address, flush=True), None)
        GLib.MainLoop().run()
    """
}

@Suite(
  "Whether the network costs by the byte",
  .enabled(if: FakeNetworkManager.isPossible, "no dbus-daemon, or no python3-gi"), .timeLimit(.minutes(10)))
struct MeteredNetworkTests {
  @Test(
    "NetworkManager's word is taken, its guess too; what it does not know is not known",
    arguments: [(0, nil), (1, true), (2, false), (3, true), (4, false), (9, nil), (nil, nil)]
      as [(Int?, Bool?)])
  func metered(said: Int?, isMetered: Bool?) async throws {
    let manager = try FakeNetworkManager(metered: said)
    #expect(await MeteredNetwork.isMetered(busAt: manager.address) == isMetered)
    withExtendedLifetime(manager) {}
  }

  @Test("Where there is no bus, nothing is known")
  func noBus() async {
    #expect(await MeteredNetwork.isMetered(busAt: "unix:path=/nonexistent/bus") == nil)
  }
}
