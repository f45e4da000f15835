import Foundation
import Journal
import Logging
import Model
import ServiceLifecycle
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import Hooks

@Suite("Hooks")
struct HookStageTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.filePath }

  init() throws { temporary = try TemporaryFolder() }

  private func journal() async throws -> Journal {
    try await Journal.open(at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
  }

  private func record(_ name: String, in journal: Journal) async throws -> Frame {
    let bytes = Array(name.utf8)
    let path = folder.appending(name)
    try Data(bytes).write(to: URL(fileURLWithPath: path.string))
    let original = Original(
      hash: ContentHash(of: bytes), name: name, mediaType: "image/jpeg", bytes: Int64(bytes.count),
      path: path,
      isInPlace: true)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"]
    ).frame
  }

  /// What the programs wrote into a file.
  private var said: [String] {
    let text = (try? String(contentsOfFile: folder.appending("said").string, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").map(String.init)
  }

  private func stage(
    _ journal: Journal, _ scripts: [HookPoint: String], limit: Duration = .seconds(30),
    failures: Failures = Failures()
  ) -> HookStage {
    HookStage(
      journal: journal,
      programs: HookPrograms(
        scripts.mapValues { ["sh", "-c", "cd '\(folder.string)'; \($0)"] }, timeLimit: limit),
      logger: Logger(label: "test")
    ) { failures.add($0) }
  }

  private final class Failures: Sendable {
    private let list = Mutex<[HookFailure]>([])
    func add(_ failure: HookFailure) { list.withLock { $0.append(failure) } }
    var all: [HookFailure] { list.withLock(\.self) }
  }

  /// Lets a stage run until nothing is left to run.
  private func settle(_ stage: HookStage) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await stage.run() }
      group.addTask { await stage.settle() }
      try await group.next()
      group.cancelAll()
    }
  }

  @Test(
    "Safe, viewable and delivered frames are told to a program, once each, with all that is known of them")
  func points() async throws {
    let journal = try await journal()
    let line = "echo \"$PIXCHEESE_HOOK $PIXCHEESE_NAME $PIXCHEESE_ALBUM\" >> said; cat >> json"
    let stage = stage(journal, [.safe: line, .delivered: line])
    try await stage.prepare()
    let frame = try await record("a.jpg", in: journal)
    _ = try await record("a.jpg", in: journal)
    let delivery = try #require(try await journal.openDeliveries(limit: 1).first)
    try await journal.markSent(delivery)
    try await settle(stage)
    #expect(said.sorted() == ["delivered a.jpg Party", "safe a.jpg "])
    let json = try String(contentsOfFile: folder.appending("json").string, encoding: .utf8)
    for line in json.split(separator: "\n") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      #expect(object["frame"] as? String == frame.hash.hex)
      #expect(object["path"] as? String == folder.appending("a.jpg").string)
      #expect(object["bytes"] as? Int == 5)
    }
  }

  @Test("Without a hook for a point nothing is written down for it")
  func none() async throws {
    let journal = try await journal()
    _ = try await record("before.jpg", in: journal)
    let stage = stage(journal, [.delivered: "true"])
    try await stage.prepare()
    _ = try await record("a.jpg", in: journal)
    #expect(try await journal.hookCalls(limit: 9).isEmpty)
  }

  @Test("A hook that was not run before the process ended is run by the next; three times at most")
  func killedBetween() async throws {
    do {
      let journal = try await journal()
      let stage = stage(journal, [.safe: "true"])
      try await stage.prepare()
      _ = try await record("a.jpg", in: journal)
      _ = try await record("deadly.jpg", in: journal)
      let deadly = try #require(try await journal.hookCalls(limit: 9).last)
      for _ in 0..<HookStage.attemptLimit { try await journal.begin(deadly) }
    }
    let journal = try await journal()
    let failures = Failures()
    let stage = stage(journal, [.safe: "echo $PIXCHEESE_NAME >> said"], failures: failures)
    try await stage.prepare()
    try await settle(stage)
    #expect(said == ["a.jpg"])
    #expect(failures.all.map(\.name) == ["deadly.jpg"])
    #expect(try await journal.hookCalls(limit: 9).isEmpty)
  }

  @Test("One that fails, hangs or is not there is told, with its last words, and the others go on")
  func failing() async throws {
    let journal = try await journal()
    let failures = Failures()
    let stage = stage(
      journal,
      [
        .safe: """
        case $PIXCHEESE_NAME in
        hang*) trap '' TERM; while :; do sleep 100; done;;
        fail*) echo 'out of paper' >&2; exit 7;;
        esac
        echo $PIXCHEESE_NAME >> said
        """
      ], limit: .seconds(5), failures: failures)
    try await stage.prepare()
    for name in ["hang1", "hang2", "fail", "good"] { _ = try await record(name, in: journal) }
    try await settle(stage)
    #expect(said == ["good"])
    let fail = try #require(failures.all.first { $0.name == "fail" })
    #expect(fail.reason == "it ended with exit code 7" && fail.lastLines == "out of paper")
    #expect(Set(failures.all.map(\.name)) == ["hang1", "hang2", "fail"])
    #expect(
      failures.all.filter { $0.name.hasPrefix("hang") }.allSatisfy { $0.reason.contains("longer than 5 s") })
  }

  @Test("A captured frame is told; when too many wait the rest is not, and that is said")
  func captured() async throws {
    let journal = try await journal()
    let failures = Failures()
    let stage = stage(journal, [.captured: "echo x >> said"], failures: failures)
    try await stage.prepare()
    for number in 0...HookStage.capturedLimit {
      await stage.captured(HookSubject(captured: "\(number)", name: "\(number).jpg", camera: "7"))
    }
    #expect(failures.all.map(\.name) == ["\(HookStage.capturedLimit).jpg"])
  }

  @Test("A journal that takes nothing any more ends the stage, and is not hushed up")
  func journalFails() async throws {
    let writing = try await journal()
    try await writing.watchHooks([.safe])
    _ = try await record("a.jpg", in: writing)
    let journal = try #require(
      try await Journal.openForReading(
        at: folder.appending("journal.sqlite"), spool: folder.appending("spool")))
    let stage = stage(journal, [.safe: "echo x >> said"])
    await #expect(throws: JournalError.self) { try await stage.run() }
    #expect(said.isEmpty)
  }

  @Test("At the end of a run a hook that hangs is ended, and left for the next run")
  func shutdown() async throws {
    let journal = try await journal()
    let stage = stage(journal, [.safe: "touch began; sleep 1000"])
    try await stage.prepare()
    _ = try await record("a.jpg", in: journal)
    let group = ServiceGroup(services: [stage], logger: Logger(label: "test"))
    let running = Task { try await group.run() }
    while access(folder.appending("began").string, F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
    await group.triggerGracefulShutdown()
    try await running.value
    #expect(try await journal.hookCalls(limit: 9).map(\.attempts) == [1])
  }
}
