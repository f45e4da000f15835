import Foundation
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import ServiceLifecycle

/// The tus endpoints of an album: `/api/v1/albums/SLUG/uploads` and `…/uploads/ID`.
struct UploadEndpoints: Sendable {
  let desk: UploadDesk
  let gate: Gate
  let publicURL: URL?

  /// What the server offers; the only request that needs neither a token nor a version.
  func options(_: Request, _ context: AlbumRequestContext) async throws -> Response {
    Response(
      status: .noContent,
      headers: [
        .tusResumable: Tus.version, .tusVersion: Tus.version, .tusExtension: Tus.extensions,
        .tusMaxSize: String(desk.maxSize), .tusChecksumAlgorithm: TusChecksum.Algorithm.list,
      ])
  }

  /// A new upload.
  func create(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    try Tus.requireVersion(request.headers)
    let album = try await gate.albumToUpload(request, context)
    let upload: UploadRow
    if let join = try Tus.join(request.headers) {
      // Whoever asks again, since no answer came for long, waits for the first and hears what that has made. Nothing else
      // may take the parts away meanwhile.
      upload = try await desk.turns.take(join.parts) { try await desk.join(join, in: album) }
    } else {
      let creation = try Tus.creation(request.headers, maxSize: desk.maxSize)
      upload = try await whileServing(context) {
        try await desk.create(creation, in: album, body: request.body)
      }
    }
    var headers = self.headers(of: upload)
    // Without a host it is right behind every proxy.
    let path = "/api/v1/albums/\(album.slug)/uploads/\(upload.id)"
    headers[.location] = publicURL.map { $0.appending(path: path).absoluteString } ?? path
    return Response(status: .created, headers: headers)
  }

  /// How far an upload is. It cuts a hanging PATCH off: what it answers is what the next PATCH goes on from.
  func head(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let (album, id) = try await place(request, context)
    let upload = try await desk.turns.take(id) { try await self.upload(id, in: album) }
    var headers = self.headers(of: upload)
    headers[.uploadLength] = String(upload.length)
    if !upload.metadataHeader.isEmpty { headers[.uploadMetadata] = upload.metadataHeader }
    headers[.uploadConcat] = upload.concatenation
    return Response(status: .ok, headers: headers)
  }

  /// More bytes.
  func patch(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let (album, id) = try await place(request, context)
    let upload = try await whileServing(context) {
      try await desk.turns.take(id, cutOff: context.cutOff) {
        let upload = try await self.upload(id, in: album)
        guard !upload.isJoined else {
          throw TusRefusal(.forbidden, "This file was made of partial uploads: no bytes can be sent to it.")
        }
        let chunk = try Tus.chunk(request.headers, offset: upload.offset, length: upload.length)
        return try await desk.take(chunk, of: upload, in: album, body: request.body)
      }
    }
    return Response(status: .noContent, headers: headers(of: upload))
  }

  /// The end of an upload before its time. What is published already stays.
  func delete(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let (album, id) = try await place(request, context)
    try await desk.turns.take(id) {
      _ = try await upload(id, in: album)
      try await desk.store.drop(id)
    }
    return Response(status: .noContent, headers: [.tusResumable: Tus.version])
  }

  private func place(_ request: Request, _ context: AlbumRequestContext) async throws -> (Album, UploadID) {
    try Tus.requireVersion(request.headers)
    let album = try await gate.albumToUpload(request, context)
    guard let id = UploadID(context.parameters.get("upload") ?? "") else { throw Self.unknown }
    return (album, id)
  }

  private func upload(_ id: UploadID, in album: Album) async throws -> UploadRow {
    guard let upload = try await desk.store.upload(id, album: album.id) else { throw Self.unknown }
    return upload
  }

  private static let unknown = TusRefusal(
    .notFound, "There is no such upload, or it has expired: make a new one.",
    headers: [.cacheControl: "no-store"])

  private func headers(of upload: UploadRow) -> HTTPFields {
    [
      .tusResumable: Tus.version, .uploadOffset: String(upload.offset), .cacheControl: "no-store",
      .uploadExpires: Tus.date(upload.expiresAt),
    ]
  }

  /// A body that is still coming when the server stops is cut off; what came is kept.
  private func whileServing<Success: Sendable>(
    _ context: AlbumRequestContext, _ work: () async throws -> Success
  ) async throws -> Success {
    try await withGracefulShutdownHandler {
      try await work()
    } onGracefulShutdown: {
      context.cutOff()
    }
  }
}
