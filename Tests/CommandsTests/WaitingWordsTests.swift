import ArgumentParser
import Foundation
import Journal
import Model
import SystemPackage
import TestServers
import Testing

@testable import Commands
@testable import Delivery

/// What `queue list` and `status` say of each thing that a delivery can wait for.
@Suite("Why a delivery waits")
struct WaitingWordsTests {
  private let bench: QueueBench
  /// Whole seconds: the journal rounds, and texts cut off.
  private let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded())

  init() async throws {
    bench = try await QueueBench()
  }

  /// The row of the frame's original, as `queue list --json` writes it.
  private func row(_ name: String = "IMG_0001.JPG", kind: AssetKind = .original) async throws
    -> QueueBench.Row
  {
    try #require(try await bench.rows(now: now).first { $0.name == name && $0.kind == kind.rawValue })
  }

  @Test("Nobody is at work: that is said, with what failed last, no next try, and the command that goes on")
  func nobody() async throws {
    try await bench.take(1)
    try await bench.take(2)
    let first = try await bench.original(1)
    try await bench.journal.postpone(
      first, until: now + 60, reason: "No answer.", code: DeliveryReason.Code.offline.rawValue)
    bench.stop()
    let row = try await row()
    #expect(row.reason == "nobody is sending")
    #expect(row.code == "notRunning")
    #expect(row.lastReason == "No answer.")
    #expect(row.nextTryAt == nil)
    #expect(row.remedy == "pixcheese tether, or pixcheese upload, goes on with it.")
    #expect(row.bytes == 10 && row.offset == 0 && row.since != nil)
    #expect(try await self.row("IMG_0002.JPG").lastReason == nil)
    let text = try await bench.list(now: now)
    #expect(text.hasPrefix("No pixcheese is at work: nobody is sending."))
    #expect(text.contains("Party: nobody is sending (at the last try: No answer.)."))
    #expect(text.split(separator: "\n").count { $0.hasPrefix("Party:") } == 1, "it is said once")
    #expect(!text.contains("in 60 s"))
    #expect(!text.contains("by itself"))

    let waits = try await bench.waits(now: now)
    #expect(waits.map(\.reason) == ["nobody is sending"])
    #expect(waits.map(\.lastReason) == ["No answer."])
    #expect(waits.map(\.nextTryAt) == [nil])
    #expect(waits.map(\.remedy) == [row.remedy])
    #expect(waits.map(\.count) == [4])
    #expect(waits.map(\.bytes) == [38])
    #expect(waits.allSatisfy { $0.since != nil })
  }

  @Test("Where nothing is set the next try is null, and not left out")
  func null() async throws {
    try await bench.take(1)
    bench.stop()
    let json = try await bench.json(now: now)
    #expect(json.contains(#""next_try_at":null"#))
    #expect(json.contains(#""last_reason":null"#))
  }

  @Test("An album whose token nobody wrote down is to be named, when nobody is at work and beside a run")
  func stranger() async throws {
    let album = "https://albums.example/a/party"
    try await bench.take(1, album: album)
    try await bench.runs(["Party": DestinationStanding()])
    let beside = try await row()
    #expect(beside.reason == "the pixcheese at work does not send to this album")
    #expect(beside.code == "notFed")
    #expect(
      beside.remedy
        == "Stop it and start it again with --album \(album) too, with its token in PIXCHEESE_TOKEN.")
    #expect(beside.nextTryAt == nil)
    bench.stop()
    #expect(
      try await row().remedy
        == "pixcheese tether, or pixcheese upload, with --album \(album) goes on with it, with its token in PIXCHEESE_TOKEN."
    )
    try bench.remember(album)
    #expect(try await row().remedy == "pixcheese tether, or pixcheese upload, goes on with it.")
  }

  @Test("A destination that rests holds up all that goes there: why, and until when")
  func resting() async throws {
    for number in 1...3 { try await bench.take(number) }
    let offline = DeliveryReason(.offline, "No answer.")
    try await bench.journal.postpone(
      try await bench.original(1), until: now + 90, reason: offline.text, code: "offline")
    try await bench.journal.postpone(
      try await bench.original(2), until: now + 5, reason: "It is locked.", code: "locked")
    try await bench.runs([
      "Party": DestinationStanding(rest: DestinationStanding.Pause(offline, until: now + 12))
    ])
    for kind in [AssetKind.preview, .original] {
      let row = try await row("IMG_0003.JPG", kind: kind)
      #expect(row.reason == "the destination rests: No answer.")
      #expect(row.code == "offline")
      #expect(row.nextTryAt == Text.time(now + 12))
      #expect(row.remedy == "It goes on by itself when the network is back.")
    }
    #expect(try await row("IMG_0001.JPG").nextTryAt == Text.time(now + 90), "its own wait is longer")
    let own = try await row("IMG_0002.JPG")
    #expect(own.reason == "It is locked." && own.code == "locked")
    #expect(own.nextTryAt == Text.time(now + 12), "not before the destination is tried")
    let text = try await bench.list(now: now)
    #expect(text.contains("Party: the destination rests: No answer."))
    #expect(text.contains("in 12 s"))
    let waits = try await bench.waits(now: now)
    #expect(waits.map(\.code) == ["locked", "offline"])
    #expect(waits.map(\.count) == [1, 5])
    #expect(waits.map(\.nextTryAt) == [Text.time(now + 12), Text.time(now + 12)])
  }

  @Test("An original on a metered network says so; a pushed one goes, and so does its preview")
  func metered() async throws {
    for number in 1...2 { try await bench.take(number) }
    try await bench.push(2)
    let reason = DeliveryReason(.metered, "This network costs by the byte.")
    try await bench.runs(["Party": DestinationStanding(heldOriginals: reason)])
    let held = try await row("IMG_0001.JPG")
    #expect(held.reason == reason.text && held.code == "metered")
    #expect(held.nextTryAt == nil)
    #expect(held.remedy.contains("pixcheese queue first"))
    #expect(try await row("IMG_0001.JPG", kind: .preview).reason == "waits for its turn")
    #expect(try await row("IMG_0002.JPG").reason == "waits for its turn")
    #expect(try await bench.waits(now: now).contains { $0.code == "metered" && $0.count == 1 })
  }

  @Test("What waits for something on this machine, or to be shown, says so")
  func steps() async throws {
    try await bench.take(1, isRendered: false)
    try await bench.take(2)
    let frames = try await bench.rows(now: now)
    #expect(!frames.isEmpty)
    try await bench.runs(["Party": DestinationStanding()])
    #expect(try await row("IMG_0001.JPG").code == "rendering")
    #expect(try await row("IMG_0001.JPG").reason == "waits until its frame's preview is made")
    try await bench.journal.markStored(try await bench.original(2))
    #expect(try await row("IMG_0002.JPG").reason == "is stored, and waits to be shown")
    let failing = DeliveryReason(.failing, "It answers 500.")
    try await bench.runs([
      "Party": DestinationStanding(showing: DestinationStanding.Pause(failing, until: now + 4))
    ])
    let shown = try await row("IMG_0002.JPG")
    #expect(shown.reason == "is stored, and waits to be shown: It answers 500.")
    #expect(shown.code == "failing" && shown.nextTryAt == Text.time(now + 4))
  }

  @Test("What is parked says what a person must do, and that nobody is sending where that is so")
  func parked() async throws {
    try await bench.take(1)
    try await bench.journal.park(
      try await bench.original(1), reason: "The token is refused.", code: "notAllowed")
    try await bench.runs(["Party": DestinationStanding()])
    let row = try await row()
    #expect(row.state == "parked" && row.reason == "The token is refused." && row.code == "notAllowed")
    #expect(row.nextTryAt == nil)
    #expect(row.remedy == "Start pixcheese again with the right token (PIXCHEESE_TOKEN) or keys.")
    bench.stop()
    #expect(
      try await self.row().remedy.hasSuffix(
        "Nobody is sending: pixcheese tether, or pixcheese upload, goes on with it."))
  }

  @Test("What goes, waits for its turn or is kept back says so, and what was put off when it is tried next")
  func going() async throws {
    for number in 1...3 { try await bench.take(number) }
    try await bench.journal.beginSending(try await bench.original(1), uploadURL: "http://127.0.0.1/1")
    try await bench.journal.acknowledge(try await bench.original(1), offset: 4)
    try await bench.journal.postpone(
      try await bench.original(3), until: now + 30, reason: "It is locked.", code: "locked")
    try await bench.runs(["Party": DestinationStanding()])
    let sending = try await row("IMG_0001.JPG")
    #expect(sending.reason == "is being sent" && sending.code == nil && sending.offset == 4)
    let waiting = try await row("IMG_0002.JPG")
    #expect(waiting.reason == "waits for its turn")
    #expect(waiting.remedy == "To send it before others: pixcheese queue first \(waiting.frame.prefix(8))")
    let locked = try await row("IMG_0003.JPG")
    #expect(locked.reason == "It is locked." && locked.nextTryAt == Text.time(now + 30))
    _ = try await bench.journal.drop(QueueSelection())
    let kept = try #require(try await bench.rows(held: true, now: now).first)
    #expect(kept.reason == "kept back" && kept.code == "keptBack")
    #expect(kept.remedy == "To send it after all: pixcheese queue send \(kept.frame.prefix(8))")
  }

  @Test(
    "A run that has told nothing yet, or the note of one that was killed, makes nobody say what is not known")
  func unknown() async throws {
    try await bench.take(1)
    #expect(try await row().reason == "which albums the pixcheese at work sends to is not known yet")
    try await bench.runs(["Desk": DestinationStanding()], process: 1)
    #expect(try await row().code == nil)
  }

  @Test("Lines are broken at the terminal's width, and the table stays within 80 columns")
  func width() async throws {
    try await bench.take(1, album: "https://albums.example/a/party-with-a-name-that-is-longer-than-most")
    try await bench.journal.postpone(
      try await bench.original(1), until: now + 60,
      reason: "No answer from albums.example: the connection was refused, as it was the time before.",
      code: "offline")
    bench.stop()
    for width in [80, 120] {
      for text in [
        try await bench.list(width: width, now: now), try await bench.status(width: width, now: now),
      ] {
        let lines = text.split(separator: "\n").filter { !$0.contains("journal.sqlite") }
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
      }
    }
  }

  @Test("Verifying holds nobody up while a server is waited for")
  func verifying() async throws {
    let listener = try LoopbackListener()
    let album = "http://127.0.0.1:\(listener.port)/a/party"
    try await bench.take(1, album: album)
    try await bench.journal.markSent(try await bench.original(1))
    bench.stop()
    let (asked, ask) = AsyncStream<Bool>.makeStream()
    let journal = bench.context.home.journal
    listener.serve { connection in
      ask.yield(JournalLock.isHeld(beside: journal))
      LoopbackListener.reset(connection)
    }
    let context = bench.context
    let verify = try QueueVerify.parse(["--repair"])
    async let isRefused = Self.isRefused { try await verify.run(in: context) }
    let isHeld = await asked.first { _ in true }
    #expect(isHeld == false)
    #expect(await isRefused)
    listener.end()
  }
}

extension WaitingWordsTests {
  private static func isRefused(_ body: () async throws -> Void) async -> Bool {
    do {
      try await body()
      return false
    } catch {
      return error is Complaint
    }
  }
}

@Suite("The live view's words for what waits")
struct LiveViewWaitingTests {
  @Test("A metered network is named as long as it is one, whatever arrives; a rest until something answers")
  func kept() async throws {
    let folder = try TemporaryFolder()
    let journal = try await Journal.open(
      at: folder.filePath.appending("journal.sqlite"), spool: folder.filePath.appending("spool"))
    let console = Console(isJSON: false, loudness: .quiet, environment: [:])
    let report = LiveReport(console: console, journal: journal, albums: ["Party"], takesFrames: true)
    let view = LiveView(report: report, console: console)
    await report.scoreboard.album("Party", page: nil)
    let pause = DestinationStanding.Pause(
      DeliveryReason(.offline, "No answer."), until: Date(timeIntervalSinceNow: 864_000))
    let metered = DeliveryReason(.metered, "It costs by the byte.")
    try await report.tell(
      .standing(album: "Party", DestinationStanding(rest: pause, heldOriginals: metered)))
    try await report.tell(
      .sent(
        DeliveryEvent.Sent(
          album: "Party", frame: ContentHash(of: []), name: "A.JPG", kind: .preview,
          sha256: ContentHash(of: []), bytes: 1)))
    var text = view.lines(of: await report.scoreboard.snapshot, after: .zero, width: 80).joined(
      separator: "\n")
    #expect(text.contains("waits: No answer. · next try in 240 h"))
    #expect(text.contains("originals wait: It costs by the byte."))
    #expect(text.contains("pixcheese queue first"))
    try await report.tell(.standing(album: "Party", DestinationStanding(heldOriginals: metered)))
    text = view.lines(of: await report.scoreboard.snapshot, after: .zero, width: 80).joined(separator: "\n")
    #expect(!text.contains("No answer") && text.contains("originals wait:"))
  }
}
