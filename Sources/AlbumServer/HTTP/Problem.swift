import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer that says no: JSON as RFC 9457 describes it.
struct Problem: Error, HTTPResponseError, Sendable {
  var status: HTTPResponse.Status
  /// What is wrong and what to do, for people; no secret is in it.
  var detail: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }

  private struct Body: Encodable {
    let title: String
    let status: Int
    let detail: String
  }

  func response(from request: Request, context: some RequestContext) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body = try encoder.encode(Body(title: status.reasonPhrase, status: status.code, detail: detail))
    var response = Response(
      status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    response.headers[.contentType] = "application/problem+json"
    response.headers[.contentLength] = String(body.count)
    response.headers[.cacheControl] = "no-store"
    return response
  }
}

extension Problem {
  /// What a failure of the store is to a client.
  init(_ error: AlbumServerError) {
    switch error.code {
    case .noRoom:
      self.init(
        .insufficientStorage, "The server's disk is full. What it has is safe; try again when there is room.",
        headers: [.retryAfter: "30"])
    case .notFound: self.init(.notFound, "It is no longer there.")
    case .dataFolder, .database, .file, .configuration, .listen:
      self.init(.internalServerError, "The server cannot do this now; its log says why. What it has is safe.")
    }
  }
}

extension HTTPResponse.Status {
  /// tus 1.0, "Checksum".
  static let checksumMismatch = HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch")
  static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}
