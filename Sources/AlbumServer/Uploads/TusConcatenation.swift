import Foundation
import HTTPTypes
import Model

/// What `Upload-Concat` says of an upload (tus 1.0, "Concatenation").
enum TusConcatenation: Equatable, Sendable {
  /// Its bytes are a part of a file, and mean nothing by themselves.
  case partial
  /// It is made of these partial uploads, in this order.
  case final([UploadID])

  /// More parts than this are no faster, and their addresses have to fit into one header field.
  static let mostParts = 1000

  /// Reads the field; addresses may be absolute or relative, and the last part of each names the upload.
  init?(header: String) {
    if header == "partial" {
      self = .partial
      return
    }
    guard header.hasPrefix("final;") else { return nil }
    let addresses = header.dropFirst("final;".count).split(separator: " ")
    let parts = addresses.compactMap { address in
      UploadID(String(address.split(separator: "/", omittingEmptySubsequences: false).last ?? ""))
    }
    guard parts.count == addresses.count, (1...Self.mostParts).contains(parts.count),
      Set(parts).count == parts.count
    else { return nil }
    self = .final(parts)
  }
}

extension Tus {
  /// A request to make a file of the partial uploads that have its bytes.
  struct Join: Sendable {
    var parts: [UploadID]
    var metadata: UploadMetadata
    /// `Upload-Metadata` as the client wrote it; `nil` if there was none.
    var metadataHeader: String?
    /// `Upload-Concat` as the client wrote it, which HEAD gives back.
    var header: String
  }

  /// What a request says of concatenation; `nil` where it says nothing.
  static func concatenation(_ headers: HTTPFields) throws(TusRefusal) -> TusConcatenation? {
    guard let header = headers[.uploadConcat] else { return nil }
    guard let concatenation = TusConcatenation(header: header) else {
      throw TusRefusal(
        .badRequest,
        "Upload-Concat is partial, or final; and the addresses of different partial uploads of this album.")
    }
    return concatenation
  }

  /// Reads a POST that makes a file of partial uploads; `nil` if it is another one.
  static func join(_ headers: HTTPFields) throws(TusRefusal) -> Join? {
    guard case .final(let parts)? = try concatenation(headers) else { return nil }
    // "The Client MUST NOT include the Upload-Length header in the final upload creation."
    guard headers[.uploadLength] == nil, (number(headers[.contentLength]) ?? 0) == 0 else {
      throw TusRefusal(
        .badRequest, "A file that is made of partial uploads has their length and brings no bytes.")
    }
    return Join(
      parts: parts, metadata: try metadata(headers), metadataHeader: headers[.uploadMetadata],
      header: headers[.uploadConcat] ?? "")
  }
}
