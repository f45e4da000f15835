import Foundation
import Programs

/// The independent programs from PyPI that `scripts/test-venv.sh` installs for the tests.
public enum TestEnvironment {
  /// Where the virtual environment is: at the top of the project, or where `PIXCHEESE_TEST_VENV` says.
  public static let folder: String = {
    let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return ProcessInfo.processInfo.environment["PIXCHEESE_TEST_VENV"]
      ?? project.appending(path: ".venv-test").path
  }()

  /// Its Python; `nil` where there is none.
  public static var python: String? { program("python3") }

  /// One of its programs; `nil` where it is not installed.
  public static func program(_ name: String) -> String? {
    // Not resolved: a virtual environment is known by the link through which its Python is called.
    let path = "\(folder)/bin/\(name)"
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// Whether its Python has packages.
  public static func hasPackages(_ names: [String]) -> Bool {
    // Where there is no such folder there are no packages.
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/lib")) ?? []
    return versions.contains { version in
      names.allSatisfy {
        FileManager.default.fileExists(atPath: "\(folder)/lib/\(version)/site-packages/\($0)")
      }
    }
  }

  /// Whether a program can be run and ends with exit code 0. Blocks until it has.
  public static func succeeds(_ words: [String]) -> Bool {
    let nothing = Array(repeating: ChildProcess.Descriptor.nothing, count: 3)
    guard let process = try? ChildProcess.start(words, descriptors: nothing) else { return false }
    return process.reap() == .exit(0)
  }
}
