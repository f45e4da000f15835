import Foundation
import Journal
import Model
import Testing

@testable import Delivery

/// What a tus server's client meets, each once, with all of the client and a real socket: what the journal says
/// afterwards, when it is tried next, and that the bytes arrive once.
@Suite("Every trouble of a tus server")
struct TusTroubleTests {
  let album = "tus+http://album.example/files"

  /// What follows one refusal.
  enum Consequence: Hashable, Sendable {
    /// It goes on in the same breath: nobody is told.
    case goesOn
    /// It waits, for so many seconds at least where the server asked for that; others may go on meanwhile.
    case waits(DeliveryReason.Code)
    /// It waits for a person.
    case parked(DeliveryReason.Code)
  }

  struct Case: Hashable, Sendable, CustomTestStringConvertible {
    var status: Int
    var method: String
    var then: Consequence
    var testDescription: String { "\(status) to \(method): \(then)" }
  }

  static let cases: [Case] = {
    func all(_ status: Int, _ then: Consequence) -> [Case] {
      ["POST", "HEAD", "PATCH"].map { Case(status: status, method: $0, then: then) }
    }
    return [
      Case(status: 409, method: "POST", then: .waits(.locked)),
      Case(status: 409, method: "HEAD", then: .waits(.conflict)),
      Case(status: 409, method: "PATCH", then: .goesOn),
      Case(status: 404, method: "POST", then: .parked(.noSuchAlbum)),
      Case(status: 404, method: "HEAD", then: .goesOn),
      Case(status: 404, method: "PATCH", then: .goesOn),
      Case(status: 410, method: "POST", then: .parked(.noSuchAlbum)),
      Case(status: 410, method: "HEAD", then: .goesOn),
      Case(status: 410, method: "PATCH", then: .goesOn),
      Case(status: 413, method: "POST", then: .parked(.tooLarge)),
      Case(status: 413, method: "HEAD", then: .parked(.tooLarge)),
      Case(status: 413, method: "PATCH", then: .goesOn),
      Case(status: 460, method: "POST", then: .parked(.refused)),
      Case(status: 460, method: "HEAD", then: .parked(.refused)),
      Case(status: 460, method: "PATCH", then: .goesOn),
    ] + all(400, .parked(.refused)) + all(401, .parked(.notAllowed)) + all(403, .parked(.notAllowed))
      + all(405, .parked(.refused)) + all(408, .waits(.busy)) + all(415, .parked(.refused))
      + all(425, .waits(.busy)) + all(511, .waits(.loginPage)) + all(412, .parked(.refused))
      + all(423, .waits(.locked)) + all(429, .waits(.busy))
      + all(500, .waits(.failing)) + all(501, .parked(.refused)) + all(502, .waits(.failing))
      + all(503, .waits(.busy)) + all(504, .waits(.failing)) + all(505, .parked(.refused))
      + all(506, .waits(.failing)) + all(507, .waits(.noRoom))
  }()

  /// Long enough that nothing is tried again by itself while a test looks.
  private static let patient = Deliverer.Options(firstRest: .seconds(1000), longestRest: .seconds(1000))

  /// A frame, and a server that has some of its bytes if HEAD is to be asked.
  private func bench(
    _ bytes: Data, _ server: ScriptedTus, begun had: Int?
  ) async throws -> (DeliveryBench, DeliveryDestination) {
    let bench = try await DeliveryBench()
    try await bench.frame("IMG_0001.JPG", bytes, album: album)
    if let had {
      let delivery = try #require(try await bench.journal.dueDeliveries(to: album, limit: 1).first)
      try await bench.journal.beginSending(
        delivery, uploadURL: server.begin(length: bytes.count, with: bytes.prefix(had)))
      try await bench.journal.acknowledge(delivery, offset: Int64(min(had, bytes.count / 2)))
    }
    return (bench, try destination(server))
  }

  private func destination(_ server: ScriptedTus) throws -> DeliveryDestination {
    // This machine, by an address that is not known for it: in chunks and with checksums, as elsewhere.
    DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://0.0.0.0:\(server.port)/files")),
      takes: [.original])
  }

  @Test("One refusal, once", arguments: cases)
  func refusal(_ test: Case) async throws {
    let server = try ScriptedTus([test.method: [.refuse(test.status, headers: ["Retry-After: 40"])]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(
      bytes, server, begun: test.method == "HEAD" ? bytes.count / 2 : nil)
    let began = Date()
    let events = await bench.run(bench.deliverer([destination], Self.patient)) {
      !$0.sent.isEmpty || !$0.parked.isEmpty || !$0.put.isEmpty
    }
    let open = try await bench.journal.openDeliveries(limit: 9)
    switch test.then {
    case .goesOn:
      #expect(events.sent.count == 1)
      #expect(events.parked.isEmpty && events.put.isEmpty)
      #expect(open.isEmpty)
    case .waits(let code):
      let delivery = try #require(open.first)
      #expect(delivery.state == (test.method == "POST" ? .waiting : .sending))
      #expect(delivery.reasonCode == code.rawValue)
      #expect(delivery.attempts == 1)
      #expect(delivery.reason?.contains(String(test.status)) == true)
      // `Retry-After` is the least, and no day without a word is the most.
      let next = try #require(delivery.nextTryAt).timeIntervalSince(began)
      #expect((39...2100).contains(next))
      #expect(events.put == [code])
    case .parked(let code):
      let delivery = try #require(open.first)
      #expect(delivery.state == .parked)
      #expect(delivery.reasonCode == code.rawValue)
      #expect(delivery.nextTryAt == nil)
      #expect(events.parked == [code])
    }
    // What a person does, or the time: everything arrives, once, and the half that was there is not sent again.
    if test.then != .goesOn {
      try await bench.journal.retry()
      await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    }
    #expect(server.copies(of: bytes) == 1)
    #expect(server.wholeCount == 1)
    let isForgotten = [404, 410].contains(test.status) && test.method == "HEAD"
    #expect(
      server.taken == (test.method == "HEAD" && !isForgotten ? bytes.count - bytes.count / 2 : bytes.count))
    #expect(try await bench.journal.backlogs().map(\.sent) == [1])
  }

  @Test(
    "A connection that breaks before or after the body was taken costs no byte twice",
    arguments: ["POST", "HEAD", "PATCH"], [ScriptedTus.Trouble.reset, .loseAnswer])
  func resets(method: String, trouble: ScriptedTus.Trouble) async throws {
    let server = try ScriptedTus([method: [trouble]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: method == "HEAD" ? bytes.count / 2 : nil)
    let events = await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(events.parked.isEmpty)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.wholeCount == 1)
    #expect(server.taken == (method == "HEAD" ? bytes.count - bytes.count / 2 : bytes.count))
    if method == "PATCH" {
      #expect(events.put.isEmpty)
      // Asked at once, and after a lost answer there is nothing left to send. What broke before much had gone may go again
      // without a question.
      let methods = server.exchanges.map(\.method)
      #expect(trouble == .loseAnswer ? methods == ["POST", "PATCH", "HEAD"] : methods.last == "PATCH")
    }
  }

  @Test(
    "A proxy that says 404 while the server is away, ten times, costs no byte twice, and a file that is whole is not sent again",
    arguments: [700_001 / 2, 700_001])
  func away(had: Int) async throws {
    let server = try ScriptedTus()
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: had)
    let begun = try #require(try await bench.journal.openDeliveries(limit: 1).first)
    server.beAway(404)
    let options = Deliverer.Options(firstRest: .milliseconds(10), longestRest: .milliseconds(10))
    let events = await bench.run(bench.deliverer([destination], options)) { events in
      if events.put.count == 10 { server.beAway(nil) }
      return !events.sent.isEmpty
    }
    #expect(Set(events.put) == [.intercepted])
    #expect(begun.uploadURL != nil)
    #expect(!server.exchanges.contains { $0.method == "POST" })
    #expect(server.taken == bytes.count - had)
    #expect(server.wholeCount == (had < bytes.count ? 1 : 0))
  }

  @Test("A proxy that takes the creation's place as well leaves the forgotten upload in the journal")
  func awayAtCreation() async throws {
    let server = try ScriptedTus(["HEAD": [.refuse(404)], "POST": [.standIn(404)]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: bytes.count / 2)
    let begun = try #require(try await bench.journal.openDeliveries(limit: 1).first)
    await bench.run(bench.deliverer([destination], Self.patient)) { !$0.put.isEmpty }
    let open = try #require(try await bench.journal.openDeliveries(limit: 1).first)
    #expect(open.uploadURL == begun.uploadURL)
    #expect(open.offset == begun.offset)
    try await bench.journal.retry()
    await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(server.taken == bytes.count - bytes.count / 2)
  }

  @Test("A tus server that leaves its header out of a 404 gets a new upload")
  func headerless() async throws {
    let server = try ScriptedTus(["HEAD": [.standIn(404), .standIn(404)]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: bytes.count / 2)
    let events = await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(events.put.isEmpty)
    #expect(server.exchanges.prefix(3).map(\.method) == ["HEAD", "HEAD", "POST"])
    #expect(server.copies(of: bytes) == 1)
  }

  @Test("An upload that the server forgets while it is sent is made again, once in a run")
  func forgotten() async throws {
    let server = try ScriptedTus(["PATCH": [.forget]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: nil)
    let events = await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(events.parked.isEmpty && events.put.isEmpty)
    #expect(server.copies(of: bytes) == 1)
    #expect(server.exchanges.map(\.method) == ["POST", "PATCH", "POST", "PATCH"])
  }

  @Test("A server that forgets again and again is left alone for a while, and the upload stays whole here")
  func forgetful() async throws {
    let server = try ScriptedTus(["PATCH": [.forget, .forget]])
    let bytes = DeliveryBench.random(700_001)
    let (bench, destination) = try await bench(bytes, server, begun: nil)
    let events = await bench.run(bench.deliverer([destination], Self.patient)) {
      !$0.put.isEmpty || !$0.sent.isEmpty
    }
    #expect(events.put == [.forgotten])
    let delivery = try #require(try await bench.journal.openDeliveries(limit: 1).first)
    #expect(delivery.state == .sending)
    #expect(delivery.offset == 0)
    #expect(delivery.nextTryAt != nil)
    try await bench.journal.retry()
    await bench.run(bench.deliverer([destination])) { !$0.sent.isEmpty }
    #expect(server.copies(of: bytes) == 1)
  }
}

extension [DeliveryEvent] {
  /// Why deliveries were put off, alone or with their destination.
  var put: [DeliveryReason.Code] {
    compactMap {
      switch $0 {
      case .postponed(_, let reason): reason.code
      case .waiting(let waiting): waiting.reason.code
      default: nil
      }
    }
  }
}
