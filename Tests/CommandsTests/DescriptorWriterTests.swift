import Foundation
import Glibc
import Programs
import Testing

@testable import Commands

@Suite("What is written to standard output and standard error")
struct DescriptorWriterTests {
  @Test("Whoever writes does not wait for who reads, and all of it arrives in order")
  func order() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    // Nobody reads before all is written, and the pipe holds a fraction of it: a write that waits would wait for ever.
    for number in 1...5000 { writer.write(Array("line \(number)\n".utf8), to: pipe.outlet(bound: 1 << 20)) }
    async let drained = writer.drain(patience: nil)
    #expect(try await pipe.lines(5000) == (1...5000).map { "line \($0)" })
    #expect(await drained)
  }

  @Test("What finds no room is counted, and a line in its place says how many there were")
  func bound() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    let outlet = pipe.outlet(bound: 1000)
    // A line that is longer than the pipe holds, then some for which there is room, then some for which there is none.
    writer.write(Array((String(repeating: "a", count: 8191) + "\n").utf8), to: outlet)
    await writer.drain(patience: .milliseconds(200))
    for number in 1...10 { writer.write(Array("lost \(number)\n".utf8), to: outlet) }
    #expect(try await pipe.lines(1).map(\.count) == [8191])
    await writer.drain(patience: nil)
    for number in 1...2 { writer.write(Array("kept \(number)\n".utf8), to: outlet) }
    #expect(try await pipe.lines(3) == ["10 lost", "kept 1", "kept 2"])
  }

  @Test("Of views that wait the newest is drawn, after the lines, in the place of the one before")
  func view() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    let outlet = pipe.outlet(bound: 1 << 20)
    writer.show(["first", "view"], on: pipe.input)
    await writer.drain(patience: nil)
    writer.write(Array((String(repeating: "a", count: 8191) + "\n").utf8), to: outlet)
    await writer.drain(patience: .milliseconds(200))
    for number in 1...100 { writer.show(["view \(number)"], on: pipe.input) }
    writer.write(Array("words\n".utf8), to: outlet)
    let lines = try await pipe.lines(5)
    #expect(lines[..<2] == ["first", "view"])
    #expect(lines[2].hasPrefix("\u{1b}[2A\u{1b}[Jaaa"))
    #expect(lines[3...] == ["words", "view 100"])
  }

  @Test("Waiting ends when nothing is taken for a while, and at the latest when it was to")
  func patience() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    writer.write([UInt8](repeating: 10, count: 10_000), to: pipe.outlet(bound: 1 << 20))
    let start = ContinuousClock.now
    #expect(await !writer.drain(patience: .milliseconds(300)))
    #expect(await !writer.drain(patience: nil, limit: .milliseconds(300)))
    #expect(ContinuousClock.now - start >= .milliseconds(600))
    #expect(try await pipe.lines(10_000).count == 10_000)
  }

  @Test("What comes while somebody waits for the end is not waited for")
  func later() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    writer.write(Array("first\n".utf8), to: pipe.outlet(bound: 1 << 20))
    async let drained = writer.drain(patience: nil)
    #expect(try await pipe.lines(1) == ["first"])
    #expect(await drained)
    writer.write([UInt8](repeating: 10, count: 8000), to: pipe.outlet(bound: 1 << 20))
    async let next = writer.drain(patience: .seconds(60))
    try await Task.sleep(for: .milliseconds(100))
    writer.write([UInt8](repeating: 10, count: 8000), to: pipe.outlet(bound: 1 << 20))
    _ = try await pipe.lines(8000)
    #expect(await next)
    _ = try await pipe.lines(8000)
  }

  @Test("A descriptor that somebody made non-blocking loses nothing")
  func nonBlocking() async throws {
    let (pipe, writer) = (try SmallPipe(), DescriptorWriter())
    #expect(fcntl(pipe.input, F_SETFL, O_NONBLOCK) == 0)
    for number in 1...2000 { writer.write(Array("line \(number)\n".utf8), to: pipe.outlet(bound: 1 << 20)) }
    await writer.drain(patience: .milliseconds(200))
    #expect(try await pipe.lines(2000).last == "line 2000")
  }
}

/// A pipe that holds 4 KiB.
private final class SmallPipe: Sendable {
  private let pipe: DescriptorPipe
  var input: Int32 { pipe.input }

  init() throws {
    pipe = try DescriptorPipe()
    // F_SETPIPE_SZ, which Swift does not import.
    _ = fcntl(pipe.input, 1031, 4096)
  }

  deinit { pipe.close() }

  func outlet(bound: Int) -> DescriptorWriter.Outlet {
    DescriptorWriter.Outlet(descriptor: input, bound: bound) { Array("\($0) lost\n".utf8) }
  }

  /// Reads so many lines, without their ends.
  func lines(_ count: Int) async throws -> [String] {
    let output = pipe.output
    let text = await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 512)
        while bytes.count(where: { $0 == 10 }) < count {
          let taken = read(output, &buffer, buffer.count)
          guard taken > 0 else { break }
          bytes += buffer[..<taken]
        }
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }
    }
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }
}
