import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Programs

@Suite("Processes that we start")
struct ChildProcessTests {
  /// All that a process writes.
  private func output(of started: PipedProcess) -> String {
    let handle = FileHandle(fileDescriptor: started.output, closeOnDealloc: true)
    let text = String(decoding: handle.readDataToEndOfFile(), as: UTF8.self)
    close(started.input)
    return text
  }

  @Test("It has the descriptors that it was given and no other, and a process group of its own")
  func descriptors() throws {
    // What a library opens without saying that nobody should inherit it.
    let open = (0..<3).map { _ in Glibc.open("/dev/zero", O_RDONLY) }
    defer { for descriptor in open { close(descriptor) } }
    let script = """
      cd /proc/self/fd || exit 1
      for number in *; do [ -e "$number" ] && echo "$number $(readlink "$number" | sed 's/:.*//')" >&4; done
      echo "group $(cut -d ' ' -f 5 /proc/$$/stat) is $$" >&4
      """
    let started = try PipedProcess.start(["sh", "-c", script], reads: 3, writes: [4])
    let lines = output(of: started).split(separator: "\n").map(String.init)
    let number = started.process.identifier
    #expect(started.process.reap() == .exit(0))
    #expect(
      lines == (0...2).map { "\($0) /dev/null" } + ["3 pipe", "4 pipe", "group \(number) is \(number)"])
  }

  @Test("No signal is blocked or ignored, whatever the thread had that started it")
  func signals() async throws {
    let started = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        continuation.resume(
          with: Result { try PipedProcess.start(["grep", "^Sig[BI]", "/proc/self/status"], writes: [1]) })
      }
    }
    let sets = output(of: started).split(separator: "\n").compactMap { $0.split(separator: "\t").last }
    #expect(started.process.reap() == .exit(0))
    // But for the two above 31 that glibc keeps for itself.
    #expect(sets.compactMap { UInt64($0, radix: 16).map { $0 & 0x7FFF_FFFF } } == [0, 0])
  }

  @Test("It gets the variables that it is given, and no other")
  func variables() throws {
    let started = try PipedProcess.start(["/usr/bin/env"], environment: ["NAME": "一 二"], writes: [1])
    #expect(output(of: started) == "NAME=一 二\n")
    #expect(started.process.reap() == .exit(0))
  }

  @Test("Its end is seen before its number is given back; a signal is told from an exit code")
  func end() throws {
    let started = try PipedProcess.start(["cat"], writes: [1])
    #expect(!started.process.hasEnded)
    kill(started.process.identifier, SIGTERM)
    started.process.waitForEnd()
    #expect(started.process.hasEnded)
    #expect(started.process.reap() == .signal(SIGTERM))
    #expect(ProcessEnd.signal(SIGTERM).description == "signal 15 (Terminated)")
    for end in [started.input, started.output] { close(end) }
  }

  @Test("A program that is not there is named as the reason, and leaves no pipe behind")
  func missing() throws {
    let failure = #expect(throws: StartFailure.self) {
      try PipedProcess.start(["/nonexistent/program"], writes: [1])
    }
    #expect(failure?.code == .program)
    #expect(failure?.underlying == .noSuchFileOrDirectory)
  }
}
