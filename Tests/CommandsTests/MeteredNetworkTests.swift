import Foundation
import TestServers
import Testing

@testable import Commands

/// A D-Bus of a test's own with a NetworkManager on it that says what it is told to; it ends with its owner.
private final class FakeNetworkManager {
  let address: String
  private let process: ServerProcess

  /// - Parameter metered: `NMMetered`; `nil` leaves the bus without a NetworkManager.
  init(metered: Int?) async throws {
    process = try ServerProcess(
      [FakeBus.python, "-c", Self.script, metered.map(String.init) ?? ""], in: try TemporaryFolder())
    address = try await process.firstLine()
    try #require(address.hasPrefix("unix:"))
  }

  private static let script = """
    import subprocess, sys
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = daemon.stdout.readline().strip()
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
  .enabled(if: FakeBus.isPossible, "no dbus-daemon, or no python3-gi"))
struct MeteredNetworkTests {
  @Test(
    "NetworkManager's word is taken, its guess too; what it does not know is not known",
    arguments: [(0, nil), (1, true), (2, false), (3, true), (4, false), (9, nil), (nil, nil)]
      as [(Int?, Bool?)])
  func metered(said: Int?, isMetered: Bool?) async throws {
    let manager = try await FakeNetworkManager(metered: said)
    #expect(await MeteredNetwork.isMetered(busAt: manager.address) == isMetered)
    withExtendedLifetime(manager) {}
  }

  @Test("Where there is no bus, nothing is known")
  func noBus() async {
    #expect(await MeteredNetwork.isMetered(busAt: "unix:path=/nonexistent/bus") == nil)
  }
}
