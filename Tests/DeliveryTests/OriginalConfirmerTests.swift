import Curl
import Foundation
import Journal
import Logging
import Model
import Synchronization
import SystemPackage
import Testing

@testable import Delivery

@Suite("Asking albums whether they hold an original")
struct OriginalConfirmerTests {
  let album = "http://album.example/a/party"

  /// A frame whose original is to leave its card, and has gone to the album.
  private func delivered(_ number: Int64, _ bench: DeliveryBench) async throws -> ContentHash {
    let frame = try await bench.frame(
      "IMG_\(number).JPG", Data("original \(number)".utf8), album: album, at: number, leavesCard: true)
    for delivery in try await bench.journal.dueDeliveries(to: album, limit: 9) {
      try await bench.journal.markSent(delivery)
    }
    return frame.hash
  }

  private func confirmer(_ port: UInt16, _ bench: DeliveryBench) throws -> OriginalConfirmer {
    OriginalConfirmer(
      journal: bench.journal,
      destinations: [
        DeliveryDestination(
          album: album,
          creationURL: try #require(URL(string: "http://127.0.0.1:\(port)/api/v1/albums/party/uploads")))
      ], curl: bench.curl, rest: .seconds(1000),
      logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
  }

  @Test("Originals that are never confirmed hold up none of those behind them", .timeLimit(.minutes(2)))
  func refused() async throws {
    let bench = try await DeliveryBench()
    var hashes: [ContentHash] = []
    for number in 1...25 { hashes.append(try await delivered(Int64(number), bench)) }
    let held = hashes[24].hex
    let asked = Mutex<[String]>([])
    let server = try LoopbackHTTP { request, _ in
      let hash = String(request.target.split(separator: "/").last ?? "")
      asked.withLock { $0.append(hash) }
      return hash == held
        ? LoopbackHTTP.Answer(status: 200, body: "{\"sha256\": \"\(hash)\"}")
        : LoopbackHTTP.Answer(status: 404)
    }
    let confirmer = try confirmer(server.port, bench)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await confirmer.run() }
      while try await bench.journal.toConfirm(by: album, limit: 99).count > 24 {
        try await Task.sleep(for: .milliseconds(10))
      }
      group.cancelAll()
    }
    #expect(asked.withLock { $0 } == hashes.map(\.hex))
    #expect(try await bench.journal.toConfirm(by: album, limit: 99).map(\.hash) == Array(hashes.prefix(24)))
  }

  @Test("Of what went as a copy the album has other bytes: it is not asked")
  func copy() async throws {
    let bench = try await DeliveryBench()
    try await bench.journal.beginPublishing(OriginalWishes(arePrepared: true, areWithoutLocation: true))
    let frame = try await bench.frame(
      "IMG_1.JPG", Data("original".utf8), album: album, at: 1, leavesCard: true)
    let file = try bench.journal.spool.workFolder().appending("copy")
    try Data("copy".utf8).write(to: URL(filePath: file.string))
    let derived = try await bench.journal.adopt(file, name: "IMG_1.JPG", mediaType: "image/jpeg")
    try await bench.journal.record(.copy(derived), of: frame.lead)
    for delivery in try await bench.journal.dueDeliveries(to: album, limit: 9) {
      #expect(delivery.hash == derived.hash)
      try await bench.journal.markSent(delivery)
    }
    #expect(try await bench.journal.backlogs().map(\.sent) == [1])
    #expect(try await bench.journal.toConfirm(by: album, limit: 9).isEmpty)
  }

  @Test("A large original is given the time in which a slow disk reads it")
  func patience() {
    #expect(Timeouts().patient(forFileOf: 1000, at: 4 << 20).stall == .seconds(30))
    #expect(Timeouts().patient(forFileOf: 4 << 30, at: 4 << 20).stall == .seconds(1054))
  }
}
