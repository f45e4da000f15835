import Curl
import Foundation
import Model

/// How a file is cut into parts (S3: 5 MiB at least but for the last, 10,000 at most, and on R2 all of one length).
struct S3Parts: FileParts {
  let length: Int64
  let partBytes: Int64

  /// A file up to this long goes in one request: it is not worth the three requests more.
  static let longestWhole: Int64 = 8 << 20
  static let smallest: Int64 = 5 << 20
  static let most: Int64 = 10_000
}

extension S3Parts {
  /// Small parts, since what a broken connection loses is at most the part that was under way; larger ones for files that
  /// would have too many.
  init(length: Int64) {
    let step: Int64 = 1 << 20
    // A clip of gigabytes is cut into some hundreds.
    let aimed = max(Self.smallest, length / 400)
    self.init(length: length, partBytes: (aimed + step - 1) / step * step)
  }

  /// A part as ListParts tells of it.
  struct Listed: Hashable, Sendable {
    var number: Int
    var tag: String
    var bytes: Int64
  }

  /// Of what is listed, what is as it should be: the tags by number.
  func tags(of listed: [Listed]) -> [Int: String] {
    listed.reduce(into: [:]) { tags, part in
      guard (1...count).contains(part.number) else { return }
      let range = range(of: part.number)
      if part.bytes == range.upperBound - range.lowerBound { tags[part.number] = part.tag }
    }
  }
}

extension S3Client {
  /// Begins an upload in parts.
  /// - Returns: its id, or the answer that has none.
  func beginParts(_ key: String, headers: ObjectHeaders) async throws(CurlError) -> (
    id: String?, answer: S3Answer
  ) {
    let answer = try await send(
      S3Request(method: .post, key: key, query: [("uploads", "")], headers: headers.fields))
    guard answer.isSuccess, let id = S3Document(answer.body)?["UploadId"], (1...2048).contains(id.utf8.count)
    else { return (nil, answer) }
    return (id, answer)
  }

  /// The parts that are there, all of them however many.
  /// - Returns: `nil` with the answer that was none.
  func listParts(_ key: String, id: String) async throws(CurlError) -> (
    parts: [S3Parts.Listed]?, answer: S3Answer
  ) {
    var parts: [S3Parts.Listed] = []
    var marker = 0
    while true {
      let answer = try await send(
        S3Request(
          method: .get, key: key,
          query: [("uploadId", id), ("max-parts", "1000"), ("part-number-marker", String(marker))],
          maximumResponseBytes: 2 << 20))
      guard answer.isSuccess, let root = S3Document(answer.body), root.name == "ListPartsResult" else {
        return (nil, answer)
      }
      parts += root.all("Part").compactMap { part in
        guard let number = part["PartNumber"].flatMap({ Int($0) }), let tag = part["ETag"],
          let bytes = part["Size"].flatMap({ Int64($0) })
        else { return nil }
        return S3Parts.Listed(number: number, tag: tag, bytes: bytes)
      }
      // A marker that does not move on would keep us here for ever.
      guard root["IsTruncated"] == "true", let next = root["NextPartNumberMarker"].flatMap({ Int($0) }),
        next > marker, next < S3Parts.most
      else { return (parts, answer) }
      marker = next
    }
  }

  /// Makes the object of its parts. The store may read and write all of it before it answers.
  /// - Parameter bytes: the object's length.
  func completeParts(
    _ key: String, id: String, tags: [Int: String], bytes: Int64
  ) async throws(CurlError) -> S3Answer {
    let parts = tags.sorted { $0.key < $1.key }.map { number, tag in
      "<Part><PartNumber>\(number)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
    }
    let body = Array(
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(parts.joined())</CompleteMultipartUpload>"
        .utf8)
    return try await send(
      S3Request(
        method: .post, key: key, query: [("uploadId", id)],
        headers: [.init(name: "Content-Type", value: "application/xml")], body: .bytes(body),
        payload: ContentHash(of: body), assembledBytes: bytes))
  }

  /// Throws an upload and its parts away. One that is gone already is as good.
  func abortParts(_ key: String, id: String) async throws(CurlError) -> S3Answer {
    try await send(S3Request(method: .delete, key: key, query: [("uploadId", id)]))
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
