import Foundation
import Model
import TestServers

/// An album as a guest's program reads it: the JSON API and the media, over HTTP.
struct AlbumReader: Sendable {
  let page: URL
  private let server: Program

  /// - Parameters:
  ///   - page: `http://127.0.0.1:PORT/a/SLUG`
  ///   - server: who serves it, and is asked for its last words if it does not answer.
  init(page: String?, on server: Program) throws {
    guard let page, let url = URL(string: page), url.port != nil else {
      throw server.failure("\(page ?? "nothing") is no album's page")
    }
    self.page = url
    self.server = server
  }

  /// All its frames, in the order of their last change.
  func frames() async throws -> [AlbumFrame] {
    struct Answer: Decodable { let frames: [AlbumFrame], next: Int64? }
    var frames: [AlbumFrame] = []
    var after: Int64? = 0
    while let position = after {
      let body = try await get("/api/v1/albums/\(page.lastPathComponent)/frames?after=\(position)&limit=100")
      let answer = try JSONDecoder().decode(Answer.self, from: body)
      frames += answer.frames
      after = answer.next
    }
    return frames
  }

  /// Waits until a number of frames have their originals, and returns all frames.
  func frames(
    whole count: Int, within limit: Duration = .seconds(90), lookingEvery pause: Duration = .milliseconds(50)
  ) async throws -> [AlbumFrame] {
    let end = ContinuousClock.now + limit
    while true {
      let frames = try await frames()
      if frames.count(where: { $0.original != nil }) >= count { return frames }
      guard ContinuousClock.now < end else {
        throw server.failure(
          "\(frames.count { $0.original != nil }) of \(count) originals in the album after \(limit)")
      }
      try await Task.sleep(for: pause)
    }
  }

  /// SHA-256 of what an address of the album gives.
  func hash(of address: String?) async throws -> String? {
    try await bytes(of: address).map { ContentHash(of: $0).hex }
  }

  /// What an address of the album gives.
  func bytes(of address: String?) async throws -> Data? {
    guard let address, let url = URL(string: address, relativeTo: page)?.absoluteURL else { return nil }
    let query = url.query(percentEncoded: true).map { "?\($0)" } ?? ""
    return try await get(url.path(percentEncoded: true) + query)
  }

  /// How many bytes an address of the album gives; 0 for none.
  func size(of address: String?) async throws -> Int {
    guard let address, let url = URL(string: address, relativeTo: page)?.absoluteURL else { return 0 }
    let query = url.query(percentEncoded: true).map { "?\($0)" } ?? ""
    return try await get(url.path(percentEncoded: true) + query).count
  }

  private func get(_ path: String) async throws -> Data {
    do {
      let answer = try await LoopbackExchange(port: UInt16(page.port ?? 0)).send("GET", path, nil)
      guard answer.status == 200 else { throw server.failure("GET \(path): \(answer.status)") }
      return answer.body
    } catch let failure as LoopbackFailure {
      throw server.failure("GET \(path): \(failure)")
    }
  }
}
