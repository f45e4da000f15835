import Foundation
import Glibc
import Testing

@testable import Programs

@Suite("Other people's programs")
struct ProgramRunTests {
  private func shell(
    _ script: String, environment: [String: String] = [:], input: [UInt8] = [],
    limit: Duration = .seconds(60), grace: Duration = .milliseconds(200)
  ) async -> ProgramRun.Ending {
    await ProgramRun(
      ["sh", "-c", script], environment: environment, input: input, timeLimit: limit, grace: grace
    ).perform()
  }

  @Test("It gets its arguments, its environment and its input, and its last lines are kept")
  func all() async {
    let ending = await shell(
      "echo first; echo \"$PIXCHEESE_NAME\" >&2; cat", environment: ["PIXCHEESE_NAME": "一 二.jpg"],
      input: Array("a line\n".utf8))
    #expect(ending.isSuccess)
    #expect(ending.lastLines == "first\n一 二.jpg\na line")
  }

  @Test("Exit codes and signals are told apart from a program that is not there")
  func endings() async {
    #expect(await shell("exit 3").cause == .exit(3))
    #expect(await shell("kill -9 $$").cause == .signal(SIGKILL))
    let missing = await ProgramRun(["/nonexistent/program"], timeLimit: .seconds(9)).perform()
    guard case .notStarted(let words) = missing.cause else {
      Issue.record("\(missing)")
      return
    }
    #expect(words == "No such file or directory")
  }

  @Test("One that hangs and does not heed SIGTERM is ended with everything that it started")
  func hanging() async throws {
    let ending = await shell(
      "trap '' TERM; sleep 1000 & echo $!; trap '' TERM; while :; do sleep 1000; done", limit: .seconds(1))
    #expect(ending.cause == .timeOver)
    let child = try #require(pid_t(ending.lastLines.split(separator: "\n").first ?? ""))
    // The group was sent SIGKILL; what is left of the child is init's to reap.
    var state = "?"
    for _ in 0..<500 {
      let stat = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
      state =
        stat.split(separator: ")").last.map { String($0.prefix(2)).trimmingCharacters(in: .whitespaces) }
        ?? ""
      if state.isEmpty || state == "Z" { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(state.isEmpty || state == "Z")
  }

  @Test("One that does not read a large input, and one that writes without end, hold nothing up")
  func rude() async {
    let large = [UInt8](repeating: 65, count: 5_000_000)
    #expect(await shell("exec 0<&-; exit 0", input: large).isSuccess)
    let loud = await shell("yes", limit: .seconds(1))
    #expect(loud.cause == .timeOver)
    #expect(loud.lastLines.hasSuffix("y"))
  }

  @Test("What it leaves in the background is not waited for")
  func background() async {
    #expect(await shell("sleep 20 & exit 0").isSuccess)
  }

  @Test("Cancelling the task ends the program")
  func cancelling() async {
    let task = Task { await shell("sleep 1000") }
    task.cancel()
    #expect(await task.value.cause == .cancelled)
  }

  @Test("It does not get our token, our keys or our descriptors")
  func withheld() async {
    for name in ProgramRun.secrets { setenv(name, "secret", 1) }
    defer { for name in ProgramRun.secrets { unsetenv(name) } }
    let descriptor = open("/dev/null", O_RDONLY)
    defer { close(descriptor) }
    let ending = await shell(
      "echo \"[$PIXCHEESE_TOKEN$AWS_SECRET_ACCESS_KEY$AWS_SESSION_TOKEN]\"; ls /proc/self/fd | wc -l")
    // Its three, and the folder that ls reads.
    #expect(ending.lastLines == "[]\n4")
  }
}

@Suite("A command in words")
struct CommandWordsTests {
  @Test(
    "Words are split as a shell would",
    arguments: [
      ("notify-send  hello", ["notify-send", "hello"]),
      ("a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
      ("a '' \"x\\\"y\" 'c\\d'", ["a", "", "x\"y", "c\\d"]),
      ("a \"b\\n\" pre'fix'ed", ["a", "b\\n", "prefixed"]),
      ("sh -c 'echo $X | cat'", ["sh", "-c", "echo $X | cat"]),
      ("修图 {input} {output}", ["修图", "{input}", "{output}"]),
    ])
  func words(text: String, expected: [String]) throws {
    #expect(try CommandWords.split(text) == expected)
  }

  @Test(
    "What only a shell could do is refused",
    arguments: [
      ("a | b", CommandWords.Fault.shell("|")), ("a > b", .shell(">")), ("a $HOME", .shell("$")),
      ("a 'b", .openQuote), ("a \\", .openQuote), ("  ", .empty), ("''", .empty),
    ])
  func refused(text: String, fault: CommandWords.Fault) {
    #expect(throws: fault) { try CommandWords.split(text) }
  }
}
