import Foundation
import HTTPTypes
import Model

/// The rules of tus 1.0 (https://tus.io/protocols/resumable-upload): what a request means, or why it is refused. Nothing
/// here touches a socket or a file.
enum Tus {
  static let version = "1.0.0"
  /// The last is our own: whoever uploads content that the album has, whole or by joining its parts, is answered that all
  /// of it is there. So a creation or a joining whose answer was lost can be asked for again, and makes no second file.
  static let extensions =
    "creation,creation-with-upload,checksum,termination,expiration,concatenation,pixcheese-known-content"
  static let contentType = "application/offset+octet-stream"

  /// A request for a new upload.
  struct Creation: Sendable {
    /// Bytes in all, 1 or more.
    var length: Int64
    var metadata: UploadMetadata
    /// `Upload-Metadata` as the client wrote it, which HEAD gives back; `nil` if there was none.
    var metadataHeader: String?
    /// Whether the first bytes come with it ("creation-with-upload").
    var hasBody: Bool
    /// Whether it is a part of a file ("concatenation"): its metadata is then that file's, and nothing is published.
    var isPartial = false
    /// Length of the body in bytes; `nil` where it is not announced.
    var bodyLength: Int64?
    var checksum: TusChecksum?
  }

  /// A request that brings bytes for an upload, from the offset that the server has.
  struct Chunk: Sendable {
    /// Length of the body in bytes; `nil` where it is not announced.
    var bodyLength: Int64?
    var checksum: TusChecksum?
  }

  /// "If the version in Tus-Resumable is not supported, respond with 412 and Tus-Version. It MUST NOT process the
  /// request" ("Tus-Version").
  static func requireVersion(_ headers: HTTPFields) throws(TusRefusal) {
    guard headers[.tusResumable] == version else {
      throw TusRefusal(
        .preconditionFailed,
        "This is a tus \(version) server: every request carries Tus-Resumable: \(version).",
        headers: [.tusVersion: version])
    }
  }

  /// Reads a POST to the creation endpoint.
  static func creation(_ headers: HTTPFields, maxSize: Int64) throws(TusRefusal) -> Creation {
    try requireVersion(headers)
    guard headers[.uploadDeferLength] == nil else {
      throw TusRefusal(
        .badRequest, "Upload-Defer-Length is not offered here: say the file's length in Upload-Length.")
    }
    guard let length = number(headers[.uploadLength]) else {
      throw TusRefusal(.badRequest, "Upload-Length is the file's length in bytes.")
    }
    guard length > 0 else { throw TusRefusal(.badRequest, "An empty file is no picture.") }
    guard length <= maxSize else {
      throw TusRefusal(
        .contentTooLarge, "A file has \(maxSize) bytes here at most.", headers: [.tusMaxSize: String(maxSize)]
      )
    }
    let isPartial = try concatenation(headers) == .partial
    let metadata = try metadata(headers)
    let bodyLength = number(headers[.contentLength])
    let hasBody = headers[.contentType] == contentType && bodyLength != 0
    guard hasBody || (bodyLength ?? 0) == 0 else {
      throw TusRefusal(.unsupportedMediaType, "Bytes that come with a creation are \(contentType).")
    }
    guard !hasBody || (bodyLength ?? 0) <= length else { throw tooLong(length) }
    return Creation(
      length: length, metadata: metadata, metadataHeader: headers[.uploadMetadata], hasBody: hasBody,
      isPartial: isPartial, bodyLength: bodyLength,
      checksum: hasBody ? try checksum(headers) : nil)
  }

  /// What an upload says of itself.
  static func metadata(_ headers: HTTPFields) throws(TusRefusal) -> UploadMetadata {
    let metadata: UploadMetadata
    do {
      metadata = try UploadMetadata(header: headers[.uploadMetadata] ?? "")
    } catch {
      throw TusRefusal(.badRequest, error.description)
    }
    guard metadata.kind == .original || metadata.frame != nil else {
      throw TusRefusal(.badRequest, "A \(metadata.kind.rawValue) says in its metadata which frame it is of.")
    }
    return metadata
  }

  /// Reads a PATCH for an upload that has `offset` of its `length` bytes.
  static func chunk(_ headers: HTTPFields, offset: Int64, length: Int64) throws(TusRefusal) -> Chunk {
    try requireVersion(headers)
    guard headers[.contentType] == contentType else {
      throw TusRefusal(.unsupportedMediaType, "A PATCH has Content-Type: \(contentType).")
    }
    guard let given = number(headers[.uploadOffset]) else {
      throw TusRefusal(.badRequest, "Upload-Offset is the number of bytes that the server has already.")
    }
    guard given == offset else {
      // The right one comes along, so that the client needs no HEAD.
      throw TusRefusal(
        .conflict, "The server has \(offset) bytes of this file: go on from there.",
        headers: [.uploadOffset: String(offset), .uploadLength: String(length), .cacheControl: "no-store"])
    }
    let bodyLength = number(headers[.contentLength])
    if let bodyLength, bodyLength > length - offset { throw tooLong(length) }
    return Chunk(bodyLength: bodyLength, checksum: try checksum(headers))
  }

  /// The bytes go beyond the length that the upload was made with.
  static func tooLong(_ length: Int64) -> TusRefusal {
    TusRefusal(
      .contentTooLarge,
      "The file was announced with \(length) bytes, and this goes beyond them. Nothing was kept of it.")
  }

  /// "Upload-Checksum" names the algorithm and gives the digest in base64.
  static func checksum(_ headers: HTTPFields) throws(TusRefusal) -> TusChecksum? {
    guard let header = headers[.uploadChecksum] else { return nil }
    guard let checksum = TusChecksum(header: header) else {
      throw TusRefusal(
        .badRequest,
        "Upload-Checksum is one of \(TusChecksum.Algorithm.list), a space, and the digest in base64.",
        headers: [.tusChecksumAlgorithm: TusChecksum.Algorithm.list])
    }
    return checksum
  }

  /// The method that a request stands for: a POST may say another in X-HTTP-Method-Override, which tus servers must obey.
  static func method(_ method: HTTPRequest.Method, override: String?) -> HTTPRequest.Method {
    guard method == .post, let override = override?.uppercased() else { return method }
    return [.patch, .delete].first { $0.rawValue == override } ?? method
  }

  /// A point in time as tus writes it (RFC 9110, section 5.6.7): `Mon, 23 Nov 2026 14:03:07 GMT`.
  static func date(_ date: Date) -> String {
    date.formatted(httpDate)
  }

  private static let httpDate = Date.VerbatimFormatStyle(
    format: """
      \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .extended(minimumLength: 4)) \
      \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
      \(second: .twoDigits) GMT
      """, locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt,
    calendar: Calendar(identifier: .gregorian))

  /// A non-negative decimal number, digits only.
  static func number(_ text: String?) -> Int64? {
    guard let text, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}
