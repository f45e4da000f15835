import Foundation
import Testing

@testable import CameraSimulator

@Suite("What is written of the simulator's commands")
struct ManualTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The commands as `help` lists them: `shoot`, `fault drop-after`.
  private static var commands: [String] {
    ControlCommand.summary.split(separator: "\n").flatMap { line in
      line.prefix(30).split(separator: ",").compactMap { part -> String? in
        let words = part.split(separator: " ").prefix { $0.allSatisfy { $0.isLowercase || $0 == "-" } }
        return words.isEmpty ? nil : words.joined(separator: " ")
      }
    }
  }

  @Test("The summary itself has every fault, and every command is understood")
  func summary() throws {
    #expect(Self.commands.count == 30)
    let arguments = [
      "battery": "80", "clock": "3600", "delete": "A.JPG", "protect": "A.JPG", "unprotect": "A.JPG",
      "rate": "A.JPG 3", "fault drop-after": "1", "fault busy": "1", "fault slow": "1", "fault latency": "1",
      "fault short": "1", "fault truncate": "1", "fault name": "A.JPG", "fault hostile-name": "emoji",
    ]
    for command in Self.commands {
      #expect(throws: Never.self) {
        try ControlCommand(line: "\(command) \(arguments[command, default: ""])")
      }
    }
  }

  @Test("The manual page has every command")
  func manual() throws {
    let page = try Self.text("man/pixcheese-camsim.1")
    // `.It Cm delete Ar name , Cm protect Ar name`, `.It Cm list , status`: without the macros.
    let entries = page.split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }.flatMap { line in
      line.dropFirst(".It Cm ".count).replacing(" , Cm ", with: ",").replacing(" , ", with: ",").split(
        separator: ","
      )
      .map { $0.split(separator: " ").prefix { $0 != "Ar" && $0 != "Op" }.joined(separator: " ") }
    }
    #expect(Set(Self.commands).subtracting(entries).isEmpty)
    #expect(Set(entries).subtracting(Self.commands) == ["fault"])
    for name in Fault.HostileName.allCases { #expect(page.contains(name.rawValue)) }
  }

  @Test("The document has every command")
  func document() throws {
    let rows = try Self.text("docs/camsim.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
    let quoted = rows.flatMap { row in
      row.split(separator: "|").first.map {
        $0.split(separator: "`").filter { $0.first?.isLowercase == true }
      } ?? []
    }
    let entries = quoted.map { entry in
      entry.split(separator: " ").prefix { $0.allSatisfy { $0.isLowercase || $0 == "-" } }.joined(
        separator: " ")
    }
    #expect(Set(Self.commands).subtracting(entries).subtracting(["help"]).isEmpty)
  }
}
