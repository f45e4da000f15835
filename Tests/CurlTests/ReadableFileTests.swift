import Foundation
import Testing

@testable import Curl

@Suite("Files that are sent")
struct ReadableFileTests {
  @Test("A missing file, a folder and a pipe are no files to send")
  func refused() throws {
    let missing = #expect(throws: ReadableFile.OpenError.self) {
      try ReadableFile(path: "/nonexistent/a.JPG")
    }
    #expect(missing?.isMissing == true)
    #expect(missing?.description.contains("/nonexistent/a.JPG") == true)
    let folder = #expect(throws: ReadableFile.OpenError.self) { try ReadableFile(path: "/tmp") }
    #expect(folder?.isMissing == false)
    let pipe = FileManager.default.temporaryDirectory.appending(path: "pixcheese-\(UUID().uuidString)").path
    #expect(mkfifo(pipe, 0o600) == 0)
    defer { unlink(pipe) }
    #expect(throws: ReadableFile.OpenError.self) { try ReadableFile(path: pipe) }
  }

  @Test("The stamp is the open file's, even when another lies in its place")
  func stamp() throws {
    let source = try TemporaryFile(count: 10)
    let file = try ReadableFile(path: source.url.path)
    let before = try file.stamp()
    #expect(before.bytes == 10)
    try Data(count: 99).write(to: source.url, options: .atomic)
    #expect(try file.stamp() == before)
    #expect(try ReadableFile(path: source.url.path).stamp().bytes == 99)
  }
}
