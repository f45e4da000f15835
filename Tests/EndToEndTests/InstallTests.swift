import Foundation
import Testing

extension EndToEndTests {
  @Suite("make install")
  struct InstallTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()

    @Test(
      "It puts each file where the system looks for it, and uninstall takes all of it away",
      .enabled(if: areThere("make", "strip", "install"), "no make, or no strip"))
    func places() async throws {
      let home = try Home()
      let root = home.folder.appending(path: "root")
      try await make("install", into: root)
      let manuals = try names(in: Self.project.appending(path: "man"))
      let documents = try names(in: Self.project.appending(path: "docs")).filter { $0.hasSuffix(".md") }
      let expected =
        [
          "bin/pixcheese", "bin/pixcheese-camsim", "lib/modules-load.d/pixcheese.conf",
          "lib/sysctl.d/60-pixcheese.conf", "lib/systemd/system/pixcheese.service",
          "lib/sysusers.d/pixcheese.conf", "lib/udev/rules.d/60-pixcheese.rules",
        ] + manuals.map { "share/man/man1/\($0)" }
        + (documents + [
          "README.md", "CHANGELOG.md", "LICENSE", "examples/69-pixcheese-no-desktop.rules",
          "examples/90-pixcheese-service.rules",
        ]).map { "share/doc/pixcheese/\($0)" }
      #expect(try files(below: root) == expected.map { "usr/\($0)" }.sorted())
      for file in expected {
        let path = root.appending(path: "usr/\(file)").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == (file.hasPrefix("bin/") ? 0o755 : 0o644), "\(file)")
      }
      let version = try Program(root.appending(path: "usr/bin/pixcheese"), ["--version"])
      #expect(try await version.end() == .exit(0) && !version.lines.isEmpty)

      let unit = root.appending(path: "usr/lib/systemd/system/pixcheese.service")
      let text = try String(contentsOf: unit, encoding: .utf8)
      #expect(text.contains("\nExecStart=/usr/bin/pixcheese tether\n"))
      if Self.areThere("systemd-analyze") {
        // The program is looked for where it lies now; all else is as it is.
        let here = text.replacing("ExecStart=/usr/", with: "ExecStart=\(root.path)/usr/")
        try Data(here.utf8).write(to: unit)
        let verdict = try Program(
          URL(filePath: "/usr/bin/systemd-analyze"), ["verify", "--man=no", unit.path])
        #expect(try await verdict.end() == .exit(0), "\(verdict.words)")
        #expect(!verdict.words.contains("pixcheese.service"), "\(verdict.words)")
      }
      try await make("uninstall", into: root)
      #expect(try files(below: root) == [])
    }

    private func make(_ target: String, into root: URL) async throws {
      let make = try Program(
        URL(filePath: "/usr/bin/make"),
        [
          "-C", Self.project.path, target, "DESTDIR=\(root.path)", "PREFIX=/usr",
          "RELEASE=\(Home.pixcheese.deletingLastPathComponent().path)",
        ])
      #expect(try await make.end() == .exit(0), "\(make.words)")
    }

    private func names(in folder: URL) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: folder.path)
    }

    private func files(below root: URL) throws -> [String] {
      var isFolder: ObjCBool = false
      return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter {
        _ = FileManager.default.fileExists(atPath: root.appending(path: $0).path, isDirectory: &isFolder)
        return !isFolder.boolValue
      }.sorted()
    }

    private static func areThere(_ programs: String...) -> Bool {
      programs.allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)") }
    }
  }
}
