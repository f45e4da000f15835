import Foundation
import Journal
import Model
import TestServers
import Testing

@testable import Delivery

@Suite("The delivery service")
struct DelivererTests {
  let album = "tus+http://album.example/files"

  func nowhere() throws -> DeliveryDestination {
    // Port 1 of loopback: nobody listens there, and these tests never get as far.
    DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://127.0.0.1:1/")), takes: [.original])
  }

  @Test("A file in place that changed is parked, and not sent as what it was")
  func changed() async throws {
    let bench = try await DeliveryBench()
    let path = bench.folder.path + "/in-place.JPG"
    try await bench.frameInPlace(path, Data("first".utf8), album: album)
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, &times, 0)
    let events = await bench.run(bench.deliverer([try nowhere()])) { !$0.parked.isEmpty }
    #expect(events.parked == [.fileChanged])
  }

  @Test("A file that became longer is parked and both lengths are named")
  func longer() async throws {
    let bench = try await DeliveryBench()
    let path = bench.folder.path + "/in-place.JPG"
    try await bench.frameInPlace(path, Data("first".utf8), album: album)
    try Data("first and more".utf8).write(to: URL(filePath: path))
    let events = await bench.run(bench.deliverer([try nowhere()])) { !$0.parked.isEmpty }
    #expect(events.parked == [.fileChanged])
    let reason = try await bench.journal.openDeliveries(limit: 1).first?.reason
    #expect(reason?.contains("14 bytes") == true)
  }

  @Test("A file that is gone is parked with its path")
  func missing() async throws {
    let bench = try await DeliveryBench()
    let path = bench.folder.path + "/in-place.JPG"
    try await bench.frameInPlace(path, Data("first".utf8), album: album)
    unlink(path)
    let events = await bench.run(bench.deliverer([try nowhere()])) { !$0.parked.isEmpty }
    #expect(events.parked == [.fileMissing])
    #expect(try await bench.journal.openDeliveries(limit: 1).first?.reason?.contains(path) == true)
  }

  @Test("Nobody there: the destination rests, the delivery stays, and stopping ends the events")
  func nobody() async throws {
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", Data("abc".utf8), album: album)
    let events = await bench.run(bench.deliverer([try nowhere()])) { $0.waiting.count >= 3 }
    #expect(events.waiting.allSatisfy { $0.reason.code == .offline && $0.count == 1 && $0.bytes == 3 })
    let delivery = try #require(try await bench.journal.openDeliveries(limit: 1).first)
    #expect(delivery.state == .waiting)
    #expect(delivery.attempts >= 1)
    #expect(delivery.reason?.isEmpty == false)
    #expect(events.standings.count >= 3)
    #expect(events.standings.allSatisfy { $0.rest?.reason.code == .offline })
  }

  @Test("A destination that fails rests until a time, and no longer once it answers")
  func rests() async throws {
    let bench = try await DeliveryBench()
    let server = try ScriptedTus(["POST": [.refuse(503)]])
    let album = "tus+http://album.example/files"
    try await bench.frame("IMG_0001.JPG", Data("abc".utf8), album: album)
    let destination = DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://127.0.0.1:\(server.port)/files")),
      takes: [.original])
    let events = await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(events.standings.map(\.rest?.reason.code) == [.busy, nil])
    #expect(events.standings.first?.rest?.until != nil)
  }

  @Test("The end of a rest is not missed while the journal is read", .timeLimit(.minutes(2)))
  func shortRests() async throws {
    let bench = try await DeliveryBench()
    let server = try ScriptedTus(["POST": Array(repeating: .refuse(503), count: 200)])
    try await bench.frame("IMG_0001.JPG", Data("abc".utf8), album: album)
    let destination = DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://127.0.0.1:\(server.port)/files")),
      takes: [.original])
    let options = Deliverer.Options(firstRest: .milliseconds(20), longestRest: .milliseconds(20))
    let events = await bench.run(bench.deliverer([destination], options)) { !$0.sent.isEmpty }
    #expect(events.waiting.count == 200)
  }

  @Test(
    "A person who asks for another try ends a rest that the destination asked for", .timeLimit(.minutes(2)))
  func retried() async throws {
    let bench = try await DeliveryBench()
    let server = try ScriptedTus(["POST": [.refuse(503, headers: ["Retry-After: 3600"])]])
    try await bench.frame("IMG_0001.JPG", Data("abc".utf8), album: album)
    let destination = DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://127.0.0.1:\(server.port)/files")),
      takes: [.original])
    let journal = bench.journal
    let events = try await withThrowingTaskGroup(of: Void.self, returning: [DeliveryEvent].self) { group in
      group.addTask { await journal.followOtherWriters() }
      let (waits, waited) = AsyncStream<Void>.makeStream()
      group.addTask {
        for await _ in waits { break }
        // As `pixcheese queue retry` does, in a process of its own.
        let other = try await Journal.openForChanges(at: journal.path, spool: journal.spool.root)
        #expect(other.isRunning)
        try await other.journal.retry()
      }
      let events = await bench.run(bench.deliverer([destination])) { events in
        if !events.waiting.isEmpty { waited.yield() }
        return !events.sent.isEmpty
      }
      group.cancelAll()
      try await group.waitForAll()
      return events
    }
    #expect(events.waiting.count == 1)
  }

  @Test("Renditions take places of their own; originals start only when every rendition has one")
  func places() async throws {
    let bench = try await DeliveryBench()
    for number in 1...4 {
      try await bench.frame(
        "IMG_\(number).JPG", Data("original \(number)".utf8), album: "Party",
        renditions: [.thumbnail: Data("t\(number)".utf8)])
    }
    let renditions = try await bench.journal.dueDeliveries(to: "Party", kinds: [.thumbnail], limit: 9)
    let originals = try await bench.journal.dueDeliveries(to: "Party", kinds: [.original], limit: 9)
    func chosen(_ active: [AssetKind], _ renditions: [Delivery], isProbing: Bool = false) -> [AssetKind] {
      Places(renditions: 2, originals: 2, isProbing: isProbing, active: active)
        .choose(renditions: renditions, originals: originals).map(\.kind)
    }
    #expect(chosen([], []) == [.original, .original])
    #expect(chosen([], renditions) == [.thumbnail, .thumbnail])
    #expect(chosen([.original, .original], renditions) == [.thumbnail, .thumbnail])
    #expect(chosen([.original, .original, .preview], renditions) == [.thumbnail])
    #expect(chosen([.preview, .preview], renditions) == [])
    #expect(chosen([.original], Array(renditions.prefix(1))) == [.thumbnail, .original])
    #expect(chosen([], renditions, isProbing: true) == [.thumbnail])
    #expect(chosen([], [], isProbing: true) == [.original])
    // An original that tries, or still sends, keeps no preview from trying.
    #expect(chosen([.original], renditions, isProbing: true) == [.thumbnail])
    #expect(chosen([.original, .original], renditions, isProbing: true) == [.thumbnail])
    #expect(chosen([.thumbnail], renditions, isProbing: true) == [])
    #expect(chosen([.original], [], isProbing: true) == [])
  }
}
