import Foundation

/// What a D-Bus of a test's own needs on this machine.
enum FakeBus {
  static let python = "/usr/bin/python3"

  static let isPossible = [
    "/usr/lib/python3/dist-packages/gi/__init__.py", "/usr/bin/dbus-daemon", python,
  ].allSatisfy { FileManager.default.fileExists(atPath: $0) }
}
