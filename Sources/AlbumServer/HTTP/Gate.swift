import Foundation
import HTTPTypes
import Hummingbird

/// Finds the album that an address names, and checks the token of requests that change something.
struct Gate: Sendable {
  let store: AlbumStore

  /// The album of `:slug`: knowing it is all a guest needs.
  func album(_ context: AlbumRequestContext) async throws -> Album {
    guard let slug = context.parameters.get("slug"), let album = try await store.album(slug: slug) else {
      throw Problem(.notFound, "There is no such album. Its address is spelled exactly as its link says.")
    }
    return album
  }

  /// The album of `:slug`, for a request whose token may upload into it.
  func albumToUpload(_ request: Request, _ context: AlbumRequestContext) async throws -> Album {
    let token = try token(request)
    let album = try await album(context)
    switch try await store.permission(of: token, album: album.id) {
    case .administrator, .album: return album
    case .another: throw Problem(.forbidden, "This token is for another album.")
    case .unknown:
      throw Self.unauthorized("This token is not known here; it may have been mistyped or revoked.")
    }
  }

  func requireAdministrator(_ request: Request) async throws {
    switch try await store.permission(of: token(request), album: nil) {
    case .administrator: return
    case .album, .another:
      throw Problem(
        .forbidden, "This needs an administrator's token; this token is for uploading to one album.")
    case .unknown:
      throw Self.unauthorized("This token is not known here; it may have been mistyped or revoked.")
    }
  }

  private func token(_ request: Request) throws -> Token {
    guard let token = Token(authorization: request.headers[.authorization]) else {
      throw Self.unauthorized("This needs a token: Authorization: Bearer TOKEN.")
    }
    return token
  }

  private static func unauthorized(_ detail: String) -> Problem {
    Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer realm=\"pixcheese\""])
  }
}
