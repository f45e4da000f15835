import Crypto
import Foundation
import GPhoto
import Glibc
import Journal
import Model
import SystemPackage
import Testing

@testable import Ingest

@Suite("The writer of originals")
struct OriginalWriterTests {
  /// A writer with a spool of its own, and what it reports.
  private final class Bench {
    let folder: URL
    let spool: Spool
    let writer: OriginalWriter
    private let reports: (read: Int32, write: Int32)

    init(aliveInterval: TimeInterval = 60) throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("writer-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      spool = Spool(root: FilePath(folder.path).appending("spool"))
      var ends: [Int32] = [0, 0]
      try #require(pipe(&ends) == 0)
      reports = (ends[0], ends[1])
      writer = try #require(
        OriginalWriter(
          spool: spool, channel: WorkerChannel(input: ends[0], output: ends[1]), aliveInterval: aliveInterval)
      )
    }

    deinit {
      writer.drain()
      writer.end()
      close(reports.read)
      close(reports.write)
      try? FileManager.default.removeItem(at: folder)
    }

    func plan(_ object: UInt64, bytes: Int) -> OriginalFile.Plan {
      OriginalFile.Plan(
        object: object, name: "\(object).MOV", day: "2026-11-23", bytes: Int64(bytes),
        partial: spool.root.appending("partial").appending("\(object).part"), mayResume: true)
    }

    /// Writes so many bytes of 7s.
    /// - Returns: `false` if the writer took none.
    func write(_ count: Int, to object: UInt64) -> Bool {
      guard let buffer = writer.buffer(for: object) else { return false }
      memset(buffer.start, 7, count)
      writer.append(buffer, count: count, to: object)
      return true
    }

    /// What it said, in order; there must be something.
    func said() throws -> [WorkerReport] {
      writer.drain()
      return try nextSaid()
    }

    /// What it says next, waited for.
    func nextSaid() throws -> [WorkerReport] {
      var waiting = pollfd(fd: reports.read, events: Int16(POLLIN), revents: 0)
      try #require(poll(&waiting, 1, 60_000) == 1, "it says nothing")
      var bytes = [UInt8](repeating: 0, count: 65536)
      let count = read(reports.read, &bytes, bytes.count)
      var lines = LineBuffer()
      return try lines.append(Array(bytes.prefix(max(0, count))))
        .map { try MessageCoding.message(WorkerReport.self, in: $0) }
    }
  }

  private func hash(_ count: Int) -> ContentHash {
    ContentHash(SHA256.hash(data: Data(repeating: 7, count: count)))
  }

  @Test("What the disk refused can be begun again by the same worker")
  func refused() throws {
    let bench = try Bench()
    // A file where the spool's folder is to be.
    try Data().write(to: bench.folder.appending(path: "spool"))
    bench.writer.begin(bench.plan(1, bytes: 10))
    guard case .failed(object: 1, _)? = try bench.said().first else {
      Issue.record("it was not refused")
      return
    }
    #expect(!bench.write(10, to: 1))
    try FileManager.default.removeItem(at: bench.folder.appending(path: "spool"))
    bench.writer.begin(bench.plan(1, bytes: 10))
    #expect(bench.write(10, to: 1))
    bench.writer.finish(object: 1)
    guard case .fetched(object: 1, _, bytes: 10, sha256: hash(10))? = try bench.said().first else {
      Issue.record("it is not there")
      return
    }
  }

  @Test("A part is hashed piece by piece, and another file is written in between")
  func takenUp() throws {
    let bench = try Bench()
    let there = 3 * OriginalWriter.takenUpAtOnce - 1
    let partial = bench.plan(1, bytes: 0).partial
    try FileManager.default.createDirectory(
      atPath: partial.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(repeating: 7, count: there).write(to: URL(filePath: partial.string))
    bench.writer.begin(bench.plan(1, bytes: there + 10))
    #expect(bench.writer.takeUp(object: 1))
    bench.writer.begin(bench.plan(2, bytes: 10))
    #expect(bench.write(10, to: 2))
    bench.writer.finish(object: 2)
    #expect(try bench.said().count == 1)
    #expect(bench.writer.takeUp(object: 1))
    #expect(!bench.writer.takeUp(object: 1))
    #expect(bench.writer.rest(of: 1, tail: 4)?.written == Int64(there))
    #expect(bench.write(10, to: 1))
    bench.writer.finish(object: 1)
    guard case .fetched(object: 1, _, _, sha256: hash(there + 10))? = try bench.said().first else {
      Issue.record("it is not whole")
      return
    }
  }

  @Test("A part that is left while it is hashed stays whole")
  func left() throws {
    let bench = try Bench()
    let plan = bench.plan(1, bytes: 20)
    bench.writer.begin(plan)
    #expect(bench.write(10, to: 1))
    bench.writer.leave(object: 1)
    bench.writer.begin(plan)
    bench.writer.leave(object: 1)
    bench.writer.drain()
    #expect(try Data(contentsOf: URL(filePath: plan.partial.string)).count == 10)
  }

  @Test("A part that something else writes to is not published under the hash of what was written here")
  func meddled() throws {
    let bench = try Bench()
    let plan = bench.plan(1, bytes: 20)
    bench.writer.begin(plan)
    #expect(bench.write(10, to: 1))
    bench.writer.drain()
    let part = try #require(FileHandle(forWritingAtPath: plan.partial.string))
    try part.seekToEnd()
    try part.write(contentsOf: Data(repeating: 1, count: 30))
    #expect(bench.write(10, to: 1))
    bench.writer.finish(object: 1)
    guard case .failed(object: 1, let failure)? = try bench.said().first else {
      Issue.record("it was published")
      return
    }
    #expect(failure.code == .disk)
    #expect(!FileManager.default.fileExists(atPath: plan.partial.string))
  }

  @Test("Whoever waits for the disk says now and then that the worker lives")
  func alive() throws {
    let bench = try Bench(aliveInterval: 0.05)
    bench.writer.begin(bench.plan(1, bytes: 10))
    // All buffers are elsewhere, as they are while a sync takes long.
    var taken: [TransferBuffer] = []
    for _ in 0..<6 { taken.append(try #require(bench.writer.buffer(for: 1))) }
    let waited = DispatchSemaphore(value: 0)
    let writer = bench.writer
    Thread.detachNewThread {
      if let buffer = writer.buffer(for: 1) { writer.giveBack(buffer) }
      waited.signal()
    }
    guard case .alive? = try bench.nextSaid().first else {
      Issue.record("it said nothing")
      return
    }
    for buffer in taken { bench.writer.giveBack(buffer) }
    waited.wait()
    bench.writer.abandon(object: 1)
  }
}
