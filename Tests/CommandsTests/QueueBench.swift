import Delivery
import Foundation
import Glibc
import Journal
import Model
import SystemPackage
import TestServers
import Testing

@testable import Commands

/// A home with a journal that a run seems to be at work with, and what the queue's commands say of it.
final class QueueBench {
  /// A row of `queue list --json`, or a wait of `status --json`: what they have in common and what not.
  struct Row: Decodable {
    let frame: String
    let name: String
    let kind: String
    let state: String
    let bytes: Int64
    let offset: Int64
    let since: String?
    let nextTryAt: String?
    let reason: String
    let lastReason: String?
    let code: String?
    let remedy: String
  }

  struct Wait: Decodable {
    let count: Int
    let bytes: Int64
    let since: String?
    let nextTryAt: String?
    let reason: String
    let lastReason: String?
    let code: String?
    let remedy: String
  }

  private let folder: TemporaryFolder
  let context: Context
  private(set) var journal: Journal!

  init() async throws {
    folder = try TemporaryFolder()
    let home = try Home(option: folder.filePath.string, environment: [:])
    context = Context(
      home: home, settings: try Settings(file: home.configuration, environment: [:]),
      console: Console(isJSON: false, loudness: .quiet, environment: [:]))
    // Its lock is what the run's would be.
    journal = try await Journal.open(at: home.journal, spool: home.spool)
  }

  func take(_ number: Int, album: String = "Party", isRendered: Bool = true) async throws {
    let name = "IMG_000\(number).JPG"
    let bytes = Data("original \(number)".utf8)
    let path = try journal.spool.reserve(name, day: "2026-11-23")
    try bytes.write(to: URL(filePath: Spool.partPath(for: path).string))
    try Spool.publish(path)
    let original = Original(
      hash: ContentHash(of: bytes), name: name, mediaType: "image/jpeg", bytes: Int64(bytes.count),
      path: path, isInPlace: false)
    let frame = try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: [album]
    ).frame
    guard isRendered else { return }
    let preview = Array("preview \(number)".utf8)
    let hash = ContentHash(of: preview)
    let stored = StoredRendition(
      kind: .preview, hash: hash, mediaType: "image/jpeg", bytes: Int64(preview.count),
      path: try journal.spool.store(rendition: preview, hash: hash, extension: "jpg"))
    try await journal.recordRenditions([stored], facts: nil, failure: nil, of: frame)
  }

  func original(_ number: Int) async throws -> Delivery {
    try #require(
      try await journal.openDeliveries(limit: 99)
        .first { $0.name == "IMG_000\(number).JPG" && $0.kind == .original })
  }

  func push(_ number: Int) async throws {
    let frames = try await journal.frames(named: "IMG_000\(number).JPG").map(\.id)
    _ = try await journal.pushToFront(frames)
  }

  /// What the run tells of the albums that it sends to.
  func runs(_ albums: [String: DestinationStanding], process: Int32 = getpid()) async throws {
    let scoreboard = Scoreboard()
    for (album, standing) in albums {
      await scoreboard.album(album, page: nil)
      await scoreboard.standing(standing, album: album)
    }
    let note = RunNote(await scoreboard.snapshot, process: process)
    try JSONEncoder().encode(note).write(to: URL(filePath: RunNote.path(beside: journal.path).string))
  }

  /// The run is over.
  func stop() { journal = nil }

  func remember(_ album: String) throws {
    var credentials = try Credentials(file: context.home.credentials, environment: [:])
    try credentials.remember("secret", for: try #require(URL(string: album)))
  }

  private func reading() async throws -> Journal {
    try #require(
      try await Journal.openForReading(at: context.home.journal, spool: context.home.spool))
  }

  private func answer(held: Bool = false, now: Date) async throws -> QueueList.Answer {
    try await QueueList.answer(in: context, from: reading(), limit: 99, held: held, now: now)
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }

  func json(held: Bool = false, now: Date) async throws -> String {
    let answer = try await answer(held: held, now: now)
    return String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
  }

  func rows(held: Bool = false, now: Date) async throws -> [Row] {
    struct Answer: Decodable { let deliveries: [Row] }
    let json = try await json(held: held, now: now)
    return try Self.decoder.decode(Answer.self, from: Data(json.utf8)).deliveries
  }

  func list(width: Int? = nil, now: Date) async throws -> String {
    let answer = try await answer(now: now)
    return QueueList.text(answer, width: width, now: now)
  }

  func waits(now: Date) async throws -> [Wait] {
    struct Answer: Decodable {
      struct Album: Decodable { let waits: [Wait] }
      let albums: [Album]
    }
    let answer = try await StatusCommand.answer(in: context, from: reading(), now: now)
    return try Self.decoder.decode(Answer.self, from: JSONEncoder().encode(answer)).albums
      .flatMap(\.waits)
  }

  func status(width: Int?, now: Date) async throws -> String {
    let answer = try await StatusCommand.answer(in: context, from: reading(), now: now)
    return StatusCommand.text(answer, width: width, now: now)
  }
}
