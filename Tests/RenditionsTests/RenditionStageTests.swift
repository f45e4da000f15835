import Foundation
import Journal
import Logging
import Model
import Pictures
import ServiceLifecycle
import SystemPackage
import TestServers
import Testing

@testable import Renditions

@Suite("The rendition stage")
struct RenditionStageTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.filePath }

  init() throws { temporary = try TemporaryFolder() }

  private func journal() async throws -> Journal {
    try await Journal.open(at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
  }

  private func record(_ name: String, _ bytes: [UInt8], in journal: Journal) async throws -> Frame {
    let path = try journal.spool.reserve(name, day: "2026-11-23")
    try Data(bytes).write(to: URL(fileURLWithPath: Spool.partPath(for: path).string))
    try Spool.publish(path)
    let original = Original(
      hash: ContentHash(of: bytes), name: name, mediaType: "image/jpeg", bytes: Int64(bytes.count),
      path: path,
      isInPlace: false)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"]
    ).frame
  }

  private func picture(_ seed: Int) throws -> [UInt8] {
    try SceneEncoder.jpeg(
      svg: """
        <svg xmlns="http://www.w3.org/2000/svg" width="3000" height="2000"><rect width="3000" height="2000" \
        fill="rgb(\(seed * 20),90,160)"/></svg>
        """, width: 3000, height: 2000, quality: 80, grain: 0, exif: ["exif-ifd0-Model": "Camera \(seed)"])
  }

  /// Runs the stage until no frame waits for its renditions.
  private func renderAll(_ journal: Journal) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await RenditionStage(journal: journal, logger: Logger(label: "test")).run() }
      group.addTask {
        for await _ in journal.ticks() where try await journal.frameCounts().toRender == 0 { return }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  @Test("Every frame gets a thumbnail and a preview, once; what is no picture is left with its original")
  func rendering() async throws {
    let journal = try await journal()
    var frames: Set<ContentHash> = []
    for seed in 1...5 { frames.insert(try await record("\(seed).JPG", try picture(seed), in: journal).hash) }
    let broken = try await record("broken.JPG", Array("no picture at all".utf8), in: journal)
    try await renderAll(journal)
    let due = try await journal.dueDeliveries(to: "Party", limit: 99)
    #expect(Set(due.filter { $0.kind == .preview }.map(\.frame)) == frames)
    #expect(Set(due.filter { $0.kind == .thumbnail }.map(\.frame)) == frames)
    #expect(due.count == 5 * 3 + 1)
    #expect(
      due.last?.frame == broken.hash || due.contains { $0.frame == broken.hash && $0.kind == .original })
    #expect(due.allSatisfy { $0.frame == broken.hash || $0.facts?.camera?.hasPrefix("Camera") == true })
    for delivery in due {
      #expect(try await Journal.hashing(delivery.path).hash == delivery.hash)
    }
  }

  @Test("A picture that ended the program each time goes without renditions, and the others go on")
  func deadly() async throws {
    let journal = try await journal()
    let good = try await record("good.JPG", try picture(1), in: journal)
    let deadly = try await record("deadly.JPG", try picture(2), in: journal)
    let mark = journal.spool.attemptMark(of: deadly.hash)
    try Data("...".utf8).write(to: URL(fileURLWithPath: mark.string))
    try await renderAll(journal)
    let due = try await journal.dueDeliveries(to: "Party", limit: 9)
    #expect(due.filter { $0.frame == deadly.hash }.map(\.kind) == [.original])
    #expect(due.filter { $0.frame == good.hash }.count == 3)
  }

  @Test("A stage that was stopped is gone on with by the next")
  func goingOn() async throws {
    let journal = try await journal()
    _ = try await record("1.JPG", try picture(1), in: journal)
    let stage = Task { try await RenditionStage(journal: journal, logger: Logger(label: "test")).run() }
    stage.cancel()
    _ = await stage.result
    try await renderAll(journal)
    #expect(try await journal.dueDeliveries(to: "Party", limit: 9).count == 3)
  }

  @Test("A run that ends at any moment ends the stage without an error")
  func shutdown() async throws {
    let journal = try await journal()
    for turn in 0..<40 {
      for index in 0..<3 {
        _ = try await record("\(turn)-\(index).JPG", Array("no picture: \(turn)-\(index)".utf8), in: journal)
      }
      let logger = Logger(label: "test")
      let group = ServiceGroup(
        services: [RenditionStage(journal: journal, logger: logger)], logger: logger)
      let run = Task { try await group.run() }
      for await _ in journal.ticks() { break }
      try await Task.sleep(for: .microseconds(turn * 100))
      await group.triggerGracefulShutdown()
      try await run.value
    }
  }
}
