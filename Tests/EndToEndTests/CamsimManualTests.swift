import Foundation
import Testing

extension EndToEndTests {
  @Suite("The simulator's manual page")
  struct CamsimManualTests {
    @Test("It has every option of --help, and no other")
    func options() async throws {
      let help = try Program(Home.camsim, ["--help"])
      #expect(try await help.end() == .exit(0))
      let offered = help.lines.map(\.text).compactMap { line -> Substring? in
        // `  --vendor <vendor>       Whose ways …`; of a pair the one that is not the default.
        line.hasPrefix("  --")
          ? line.split(separator: " ").first?.split(separator: "/").last?.dropFirst(2) : nil
      }
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "man/pixcheese-camsim.1")
      let page = try String(contentsOf: file, encoding: .utf8)
      let described = page.split(separator: "\n").filter { $0.hasPrefix(".It Fl ") }.flatMap { line in
        line.split(separator: " ").filter { $0.hasPrefix("-") }.map { $0.dropFirst() }
      }
      #expect(offered.count > 15)
      #expect(Set(offered).subtracting(["help", "version"]) == Set(described))
    }
  }
}
