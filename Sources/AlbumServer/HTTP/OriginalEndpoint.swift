import Foundation
import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// `/api/v1/albums/SLUG/originals/SHA256`: whether an album holds an original, for whoever is about to delete another
/// copy of it.
struct OriginalEndpoint: Sendable {
  private struct Held: Encodable {
    let sha256: String
    let bytes: Int64
  }

  let store: AlbumStore
  let gate: Gate

  /// Reads the published file from its first byte to its last and hashes it: what the answer says is so now, not when
  /// it was uploaded.
  func show(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let album = try await gate.albumToUpload(request, context)
    guard let hash = context.parameters.get("sha256").flatMap({ ContentHash(hex: $0) }),
      let bytes = try await store.originalBytes(of: hash, album: album.id)
    else { throw Problem(.notFound, "This album has no such original.") }
    let path = store.folder.content(hash)
    let (file, length) = try await BlockingThreads.run {
      let file = try StoredFile(reading: path)
      return (file, try file.length())
    }
    guard length == bytes, try await file.hashInPieces() == hash else {
      throw Problem(.internalServerError, "The file of this original is damaged on the server's disk.")
    }
    let body = try JSONEncoder().encode(Held(sha256: hash.hex, bytes: bytes))
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/json", .cacheControl: "no-store", .eTag: "\"\(hash.hex)\"",
      ], body: .init(byteBuffer: ByteBuffer(bytes: body)))
  }
}
