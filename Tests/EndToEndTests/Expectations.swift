import Foundation
import Glibc
import Model
import Testing

/// Every frame of a camera is in an album once, with its own bytes, and nothing else is.
func expectExactly(
  _ shots: [SimulatedCamera.Shot], in album: AlbumReader, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let frames = try await album.frames(whole: shots.count)
  #expect(frames.map(\.frame.hex).sorted() == shots.map(\.sha256).sorted(), sourceLocation: sourceLocation)
  for frame in frames {
    let hash = try await album.hash(of: frame.original)
    #expect(hash == frame.frame.hex, "\(frame.name)", sourceLocation: sourceLocation)
  }
}

/// What `pixcheese status` says of the journal.
struct JournalStatus: Decodable {
  struct Album: Decodable { let waiting: Int, parked: Int, delivered: Int }
  let running: Bool
  let frames: Int
  let toRender: Int
  let albums: [Album]

  /// Whether nothing is left to be rendered or delivered.
  var isQuiet: Bool { toRender == 0 && albums.allSatisfy { $0.waiting == 0 } }

  enum CodingKeys: String, CodingKey {
    case running, frames, albums
    case toRender = "to_render"
  }
}

/// The journal of a home has nothing left to do: no delivery, no rendition, no unfinished file in the spool.
func expectNothingLeft(
  in home: Home, frames: Int, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let status = try await home.answer("status", as: JournalStatus.self)
  #expect(status.frames == frames, sourceLocation: sourceLocation)
  #expect(status.toRender == 0 && !status.running, sourceLocation: sourceLocation)
  for album in status.albums {
    #expect(album.waiting == 0 && album.parked == 0, sourceLocation: sourceLocation)
  }
  struct Queue: Decodable {
    struct Delivery: Decodable { let name: String }
    let deliveries: [Delivery]
  }
  let queue: Queue = try await home.answer("queue", "list")
  #expect(queue.deliveries.map(\.name) == [], sourceLocation: sourceLocation)
  let spool = FileManager.default.enumerator(atPath: home.path + "/spool")
  let parts = (spool?.allObjects ?? []).compactMap { $0 as? String }.filter { $0.hasSuffix(".part") }
  #expect(parts == [], sourceLocation: sourceLocation)
}

/// Asks a program to end, and expects that it does within the contract's five seconds.
func expectCleanEnd(
  of program: Program, _ signal: Int32 = SIGTERM, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  program.signal(signal)
  let status = try await program.end(within: .seconds(5))
  #expect(status == .exit(0), "\(program.words.suffix(1000))", sourceLocation: sourceLocation)
  let others = program.lines.filter { $0.event == nil }.map(\.text)
  #expect(others == [], "standard output is JSON lines only", sourceLocation: sourceLocation)
}

extension Home {
  /// What a command that answers says with `--json`.
  func answer<Answer: Decodable>(
    _ arguments: String..., as type: Answer.Type = Answer.self, environment: [String: String] = [:]
  ) async throws -> Answer {
    let program = try start(arguments, environment: environment)
    let status = try await program.end()
    guard status == .exit(0), let line = program.lines.first, program.lines.count == 1 else {
      throw Program.Failure(description: "\(arguments): \(status)\n\(program.words)")
    }
    return try JSONDecoder().decode(Answer.self, from: Data(line.text.utf8))
  }
}
