import HTTPTypes
import Hummingbird
import Model
import NIOCore

/// `/media/SLUG/SHA256.EXT`: published bytes, which never change under their address.
struct MediaEndpoint: Sendable {
  /// Bytes that are read at once. Up to three times as many are in memory for one download: what the connection holds,
  /// and what waits for it.
  private static let pieceSize: Int64 = 64 << 10

  let store: AlbumStore
  let downloads: Downloads

  func get(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    guard let slug = context.parameters.get("slug"), let name = context.parameters.get("file"),
      let asset = try await store.asset(file: name, album: slug)
    else { throw Problem(.notFound, "There is no such picture in this album.") }
    let tag = "\"\(asset.sha256.hex)\""
    var headers: HTTPFields = [
      .eTag: tag, .cacheControl: "public, max-age=31536000, immutable", .acceptRanges: "bytes",
      .contentType: asset.mediaType,
      // Even opened on its own it can neither run nor load anything.
      .contentSecurityPolicy: "default-src 'none'; sandbox",
    ]
    if asset.isOriginal { headers[.contentDisposition] = FileName.disposition(saving: asset.name) }
    if EntityTag.matches(request.headers[.ifNoneMatch], tag) {
      return Response(status: .notModified, headers: headers)
    }
    let range = ByteRange(
      header: request.headers[.range], ifRange: request.headers[.ifRange], tag: tag, length: asset.bytes)
    let (status, bytes): (HTTPResponse.Status, Range<Int64>)
    switch range {
    case .whole: (status, bytes) = (.ok, 0..<asset.bytes)
    case .part(let part):
      (status, bytes) = (.partialContent, part)
      headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(asset.bytes)"
    case .unsatisfiable:
      throw Problem(
        .rangeNotSatisfiable, "The picture has \(asset.bytes) bytes.",
        headers: [.contentRange: "bytes */\(asset.bytes)"])
    }
    let download = try await downloads.begin(cutOff: context.cutOff)
    let path = store.folder.content(asset.sha256)
    let file = try await BlockingThreads.run { try StoredFile(reading: path) }
    return Response(status: status, headers: headers, body: Self.body(of: file, bytes, download))
  }

  /// Streams a part of a file: one piece is read when the one before it has gone out.
  private static func body(
    of file: StoredFile, _ bytes: Range<Int64>, _ download: Download
  ) -> ResponseBody {
    ResponseBody(contentLength: bytes.count) { writer in
      var offset = bytes.lowerBound
      while offset < bytes.upperBound {
        let (start, count) = (offset, Int(min(pieceSize, bytes.upperBound - offset)))
        let piece = try await BlockingThreads.run { try file.read(count, at: start) }
        guard !piece.isEmpty else {
          throw AlbumServerError(.file, "a published file is shorter than it was")
        }
        download.writes()
        try await writer.write(ByteBuffer(bytes: piece))
        download.hasWritten()
        offset += Int64(piece.count)
      }
      try await writer.finish(nil)
    }
  }
}

/// Comparing entity tags (RFC 9110, section 8.8.3).
enum EntityTag {
  /// Whether an `If-None-Match` header names the tag; weakly, as that header wants it.
  static func matches(_ header: String?, _ tag: String) -> Bool {
    guard let header else { return false }
    return header.split(separator: ",").contains { candidate in
      var text = candidate.drop { $0 == " " }
      while text.last == " " { text.removeLast() }
      if text.hasPrefix("W/") { text = text.dropFirst(2) }
      return text == "*" || text == tag
    }
  }
}
