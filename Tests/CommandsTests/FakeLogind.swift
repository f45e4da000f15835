import Foundation
import Glibc
import Programs
import Testing

/// A D-Bus of a test's own with a logind on it that gives locks and tells of sleep when it is told to; it ends with
/// its owner.
final class FakeLogind: Sendable {
  /// The bus's address.
  let address: String
  private let input: FileHandle
  private let lines: AsyncStream<String>

  /// - Parameter refuses: whether it gives no locks, as polkit may decide.
  init(refuses: Bool = false) async throws {
    let process = try PipedProcess.start(
      [FakeBus.python, "-c", Self.script, refuses ? "refuses" : ""], writes: [STDOUT_FILENO])
    input = FileHandle(fileDescriptor: process.input, closeOnDealloc: true)
    let (lines, continuation) = AsyncStream<String>.makeStream()
    self.lines = lines
    Thread.detachNewThread {
      let reading = FileHandle(fileDescriptor: process.output, closeOnDealloc: true)
      var rest = Data()
      while case let more = reading.availableData, !more.isEmpty {
        rest += more
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest = rest[rest.index(after: end)...]
        }
      }
      continuation.finish()
      _ = process.process.reap()
    }
    address = await lines.first { _ in true } ?? ""
    try #require(address.hasPrefix("unix:"))
  }

  deinit {
    // The script ends its bus when its standard input ends.
    try? input.close()
  }

  /// Tells everybody that the machine is going to sleep, or has woken.
  func tell(sleeps: Bool) throws {
    try input.write(contentsOf: Data((sleeps ? "sleep\n" : "wake\n").utf8))
  }

  /// Waits for what it says next: `taken MODE`, `given back MODE`.
  func says(_ line: String) async {
    for await said in lines where said == line { return }
    Issue.record("it never said \(line)")
  }

  private static let script = """
    import os, subprocess, sys, threading
    from gi.repository import Gio, GLib
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    address = daemon.stdout.readline().strip()
    flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
    bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
    name, path = "org.freedesktop.login1", "/org/freedesktop/login1"
    interface = name + ".Manager"
    xml = f'''<node><interface name="{interface}"><method name="Inhibit">
        <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
        <arg type="s" direction="in"/><arg type="h" direction="out"/></method>
        <signal name="PrepareForSleep"><arg type="b"/></signal></interface></node>'''
    def say(line):
        # One write: of two threads that print, one gets between the other's words and its end of line.
        os.write(1, (line + "\\n").encode())
    def wait(end, mode):
        os.read(end, 1)
        say("given back " + mode)
    def call(_bus, _sender, _path, _interface, _method, arguments, invocation):
        what, who, why, mode = arguments.unpack()
        if sys.argv[1] or (what, who) != ("sleep", "pixcheese") or not why:
            invocation.return_dbus_error("org.freedesktop.DBus.Error.AccessDenied", "no")
            return
        near, far = os.pipe()
        threading.Thread(target=wait, args=[near, mode], daemon=True).start()
        handles = Gio.UnixFDList.new_from_array([far])
        say("taken " + mode)
        invocation.return_value_with_unix_fd_list(GLib.Variant("(h)", [0]), handles)
        bus.flush_sync(None)
        handles.steal_fds() and os.close(far)
    bus.register_object(path, Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0], call, None, None)
    def tell(sleeps):
        bus.emit_signal(None, path, interface, "PrepareForSleep", GLib.Variant("(b)", [sleeps]))
    def obey():
        for line in sys.stdin:
            GLib.idle_add(tell, line.strip() == "sleep")
        daemon.kill()
        os._exit(0)
    threading.Thread(target=obey, daemon=True).start()
    Gio.bus_own_name_on_connection(bus, name, 0, lambda *_: say(address), None)
    GLib.MainLoop().run()
    """
}
