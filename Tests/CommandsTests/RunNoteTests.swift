import Delivery
import Foundation
import Ingest
import Journal
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("What a run at work tells status")
struct RunNoteTests {
  @Test("Cameras and speeds come out of the note as they went in, and the note goes with the run")
  func roundTrip() async throws {
    let folder = try TemporaryFolder()
    let journal = folder.filePath.appending("journal.sqlite")
    // The run's lock: a note beside a journal that nobody holds is one of a run that was killed.
    let run = try await Journal.open(at: journal, spool: folder.filePath.appending("spool"))
    let scoreboard = Scoreboard()
    await scoreboard.album("Party", page: URL(string: "http://127.0.0.1:7420/a/x"))
    let pause = DestinationStanding.Pause(
      DeliveryReason(.offline, "No answer."), until: Date(timeIntervalSince1970: 1_795_000_000))
    await scoreboard.standing(DestinationStanding(rest: pause), album: "Party")
    await scoreboard.speed(1_000_000, album: "Party")
    await scoreboard.camera("7") {
      $0.model = "EOS R5"
      $0.battery = "80%"
      $0.free = 64_000_000_000
    }
    await scoreboard.room(
      Scoreboard.Room(free: 12_345_678, forOriginals: 0, level: .none, isJournalWaiting: false))
    let warning = RunNote.Warning(code: "room.full", message: "full", time: "2026-11-23T20:00:00.000Z")
    #expect(RunNote.read(beside: journal) == nil)
    let keeper = Task {
      try await RunNoteKeeper(path: RunNote.path(beside: journal)) {
        RunNote(await scoreboard.snapshot, warnings: [warning])
      }.run()
    }
    while RunNote.read(beside: journal) == nil { try await Task.sleep(for: .milliseconds(10)) }
    let note = try #require(RunNote.read(beside: journal))
    #expect(note == RunNote(await scoreboard.snapshot, warnings: [warning]))
    #expect(note.room == RunNote.Room(free: 12_000_000, forFrames: 0, level: .none, journalWaits: false))
    #expect(note.cameras.map(\.model) == ["EOS R5"])
    #expect(note.albums.map(\.bytesPerSecond) == [1_000_000])
    #expect(note.albums.map(\.standing.rest) == [pause])
    keeper.cancel()
    try await keeper.value
    withExtendedLifetime(run) {}
    #expect(RunNote.read(beside: journal) == nil)
  }
}
