import Foundation
import Model
import Synchronization
import Testing

@testable import Pictures

@Suite("Darkroom")
struct DarkroomTests {
  @Test("Pictures asked for at once are all rendered, on no more than the darkroom's own threads")
  func concurrent() async throws {
    let darkroom = Darkroom(threads: 2)
    let threads = ThreadsSeen()
    let original = try Scenes.jpeg()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<20 {
        group.addTask {
          let rendered = try await darkroom.render(.bytes(original)) { thumbnail, _ in
            threads.add()
            #expect(thumbnail.width == 480)
          }
          return rendered.preview.width
        }
      }
      for try await width in group { #expect(width == 600) }
    }
    #expect((1...2).contains(threads.count))
  }

  @Test("A file is rendered and an error keeps its type")
  func errors() async throws {
    let darkroom = Darkroom(threads: 1)
    await #expect(throws: PictureError.self) { try await darkroom.render(file: "/nonexistent/IMG_0001.JPG") }
    let folder = FileManager.default.temporaryDirectory.appending(path: "darkroom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "été 照片.JPG")
    try Data(Scenes.jpeg()).write(to: file)
    #expect(try await darkroom.render(file: file.path).preview.width == 600)
    #expect(try await darkroom.facts(of: .file(file.path)).width == 600)
  }

  @Test(
    "A picture that ended the program three times is not tried again; one that was outlived leaves no mark")
  func deadly() async throws {
    let darkroom = Darkroom(threads: 1)
    let folder = FileManager.default.temporaryDirectory.appending(path: "darkroom-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "IMG.JPG").path
    let mark = folder.appending(path: "IMG.attempts").path
    try Data(Scenes.jpeg()).write(to: URL(fileURLWithPath: file))
    for attempts in 0..<3 {
      for _ in 0..<attempts { try AttemptMark(path: mark).begin() }
      #expect(try await darkroom.render(file: file, mark: mark).preview.width == 600)
      #expect(!FileManager.default.fileExists(atPath: mark))
    }
    for _ in 0..<3 { try AttemptMark(path: mark).begin() }
    await #expect { try await darkroom.render(file: file, mark: mark) } throws: {
      ($0 as? PictureError)?.code == .deadly
    }
    #expect(try await darkroom.render(file: file, mark: mark).preview.width == 600, "a person may try again")
  }

  @Test("Two hundred pictures leave memory as it was")
  func memory() async throws {
    let darkroom = Darkroom(threads: 2)
    let original = try Scenes.jpeg(width: 2400, height: 1600, grain: 3)
    func render(_ count: Int) async throws {
      for _ in 0..<count / 2 {
        async let one = darkroom.render(.bytes(original))
        async let other = darkroom.render(.bytes(original))
        _ = try await (one, other)
      }
    }
    try await render(20)
    let before = try residentBytes()
    try await render(200)
    // Each picture takes 30 MB while it is in work: a leak of any part of it would show. The margin is for the
    // tests that run beside this one.
    #expect(try residentBytes() - before < 150 << 20)
  }

  /// Memory of this process that is in RAM: the second field of proc(5)'s `statm`, in pages.
  private func residentBytes() throws -> Int {
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(fields[1])) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

/// Which threads have called.
private final class ThreadsSeen: Sendable {
  private let seen = Mutex<Set<pthread_t>>([])

  func add() { _ = seen.withLock { $0.insert(pthread_self()) } }
  var count: Int { seen.withLock { $0.count } }
}
