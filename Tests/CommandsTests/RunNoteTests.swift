import Foundation
import SystemPackage
import Testing

@testable import Commands

@Suite("What a run at work tells status")
struct RunNoteTests {
  @Test("Cameras and speeds come out of the note as they went in, and the note goes with the run")
  func roundTrip() async throws {
    let folder = try TemporaryFolder()
    let journal = folder.path.appending("journal.sqlite")
    let scoreboard = Scoreboard()
    await scoreboard.album("Party", page: URL(string: "http://127.0.0.1:7420/a/x"))
    await scoreboard.speed(1_000_000, album: "Party")
    await scoreboard.camera("7") {
      $0.model = "EOS R5"
      $0.battery = "80%"
      $0.free = 64_000_000_000
    }
    #expect(RunNote.read(beside: journal) == nil)
    let keeper = Task {
      try await RunNoteKeeper(scoreboard: scoreboard, path: RunNote.path(beside: journal)).run()
    }
    while RunNote.read(beside: journal) == nil { try await Task.sleep(for: .milliseconds(10)) }
    let note = try #require(RunNote.read(beside: journal))
    #expect(note == RunNote(await scoreboard.snapshot))
    #expect(note.cameras.map(\.model) == ["EOS R5"])
    #expect(note.albums.map(\.bytesPerSecond) == [1_000_000])
    keeper.cancel()
    try await keeper.value
    #expect(RunNote.read(beside: journal) == nil)
  }
}
