import Foundation
import GRDB
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("Whose turn it is")
struct TurnTests {
  let temporary: TemporaryJournal
  let journal: Journal
  let album = "Party"
  let endpoint = "tus+http://127.0.0.1:1080/files"

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  @discardableResult
  private func shoot(_ name: String, _ camera: String, to albums: [String]? = nil) async throws -> Frame {
    let original = try temporary.spooled("\(name).JPG", name, in: journal)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: camera), session: nil, albums: albums ?? [album]
    ).frame
  }

  private func render(_ frame: Frame) async throws {
    let renditions = try [AssetKind.thumbnail, .preview].map {
      try temporary.rendition($0, "\($0) of \(frame.id)", in: journal)
    }
    try await journal.recordRenditions(renditions, facts: nil, failure: nil, of: frame)
  }

  @Test("Of each camera thumbnails, previews and then originals come, one of every camera in each round")
  func rounds() async throws {
    for name in ["a1", "a2", "a3"] { try await render(shoot(name, "A")) }
    for name in ["b1", "b2"] { try await render(shoot(name, "B")) }
    try await render(shoot("a4", "A"))
    let due = try await journal.dueDeliveries(to: album, limit: 9)
    let renditions = due.filter { $0.kind != .original }
    #expect(
      renditions.map { "\($0.name.prefix(2)) \($0.kind)" } == [
        "a4 thumbnail", "b2 thumbnail", "a3 thumbnail", "b1 thumbnail", "a2 thumbnail", "b2 preview",
        "a1 thumbnail", "b1 preview", "a4 preview", "a3 preview", "a2 preview", "a1 preview",
      ])
    #expect(
      due.filter { $0.kind == .original }.map { $0.name.prefix(2) } == ["a1", "b1", "a2", "b2", "a3", "a4"])
    #expect(due.prefix(renditions.count) == renditions[...])
    // So many of each kind and camera, whatever waits behind them.
    let few = try await journal.dueDeliveries(to: album, kinds: [.preview], limit: 1)
    #expect(few.map { $0.name.prefix(2) } == ["a4", "b2"])
  }

  @Test("What is under way, and what waits for a time, leaves its turn to the next of the same camera")
  func besides() async throws {
    for name in ["a1", "a2", "a3"] { try await shoot(name, "A", to: [endpoint]) }
    try await shoot("b1", "B", to: [endpoint])
    let due = try await journal.dueDeliveries(to: endpoint, limit: 9)
    #expect(due.map { $0.name.prefix(2) } == ["a1", "b1", "a2", "a3"])
    try await journal.postpone(due[1], until: Date(timeIntervalSinceNow: 60), reason: "later")
    #expect(
      try await journal.dueDeliveries(to: endpoint, limit: 1, besides: [due[0].id]).map { $0.name.prefix(2) }
        == ["a2"])
  }

  @Test("Of pushed frames alone it can be asked, and they come before every camera's turn")
  func pushed() async throws {
    for name in ["a1", "a2"] { try await shoot(name, "A", to: [endpoint]) }
    let frame = try await shoot("b1", "B", to: [endpoint])
    _ = try await journal.pushToFront([frame.id])
    let due = try await journal.dueDeliveries(to: endpoint, limit: 9)
    #expect(due.map { $0.name.prefix(2) } == ["b1", "a1", "a2"])
    #expect(due.map(\.isPushed) == [true, false, false])
    #expect(try await journal.dueDeliveries(to: endpoint, limit: 9, isPushedOnly: true) == [due[0]])
  }

  @Test("Frames are prepared in turn too, of each camera the newest first")
  func preparations() async throws {
    var frames: [String: Frame] = [:]
    for name in ["b1", "a1", "a2", "a3", "c1", "a4"] {
      frames[name] = try await shoot(name, String(name.prefix(1)))
    }
    func next(_ limit: Int, besides works: Set<Int64> = []) async throws -> [Substring] {
      try await journal.preparations(limit: limit, besides: works).map { $0.frame.original.name.prefix(2) }
    }
    #expect(try await next(2) == ["a4", "c1", "b1", "a3"])
    #expect(try await next(1, besides: [#require(frames["a4"]).id]) == ["c1", "a3", "b1"])
    _ = try await journal.pushToFront([#require(frames["a1"]).id])
    #expect(try await next(1).first == "a1")
    try await render(#require(frames["a1"]))
    #expect(try await next(9).contains("a1") == false)
  }

  @Test(
    "An original is ready when its frame's renditions are made, and no longer when they are to be made again")
  func readiness() async throws {
    func ready() async throws -> [Bool] {
      try await journal.database.read { database in
        try Bool.fetchAll(database, sql: "SELECT is_ready FROM delivery WHERE kind = 'original' ORDER BY id")
      }
    }
    let frame = try await shoot("a1", "A", to: [album, endpoint])
    #expect(try await ready() == [false, true], "a tus endpoint waits for nothing")
    try await journal.recordRenditions([], facts: nil, failure: "a clip", of: frame)
    #expect(try await ready() == [true, true])
    // An album that comes later finds what is there.
    _ = try await journal.recordSafe(
      SafeOriginal(original: frame.original, source: "A"), session: nil, albums: ["Later"])
    #expect(try await ready() == [true, true, true])
  }

  @Test("A journal of an older version keeps its order: cameras and readiness are filled in")
  func migration() async throws {
    let old = try TemporaryJournal()
    try FileManager.default.createDirectory(atPath: old.spool.string, withIntermediateDirectories: true)
    let queue = try DatabaseQueue(path: old.path.string)
    try Schema.migrator.migrate(queue, upTo: "3 room")
    try await queue.write { database in
      try database.execute(
        sql: """
          INSERT INTO destination VALUES (1, 'Party'), (2, 'tus+http://h/x');
          INSERT INTO frame (id, hash, source, safe_at, rendering) VALUES
            (1, zeroblob(32), 'A', 1, 'done'), (2, randomblob(32), 'B', 1, 'waiting');
          INSERT INTO original (id, frame_id, hash, name, media_type, bytes, path, in_place)
            SELECT id, id, hash, source || '.JPG', 'image/jpeg', 3, 'day/' || source, 0 FROM frame;
          INSERT INTO choice SELECT frame.id, destination.id, 1 FROM frame, destination;
          INSERT INTO delivery (frame_id, destination_id, kind, original_id, state)
            SELECT frame.id, destination.id, 'original', frame.id, 'waiting' FROM frame, destination;
          """)
    }
    try queue.close()
    let journal = try await old.open()
    #expect(try await journal.dueDeliveries(to: "Party", limit: 9).map(\.source) == ["A"])
    #expect(try await journal.dueDeliveries(to: "tus+http://h/x", limit: 9).map(\.source) == ["A", "B"])
  }
}
