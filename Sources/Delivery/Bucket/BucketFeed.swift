import Curl
import Foundation
import Journal
import Model

/// This photographer's feed in a bucket: its head as it is there, and how it is written.
struct BucketFeed: Sendable {
  let client: S3Client
  let layout: BucketLayout
  var head: FeedHead
  /// The head object's tag; `nil` while there is none.
  private(set) var tag: String?

  /// A guest's poll must not see an old head from a cache for longer than this.
  private static let headers = ObjectHeaders(
    contentType: "application/json", cacheControl: "public, max-age=1, must-revalidate")

  /// Reads the head that the bucket has and compares it with what the journal knows.
  /// - Returns: `nil` if the bucket has a head of this id that this journal never wrote: then the id is somebody else's
  ///   too, a copied folder's, and must not be used any longer.
  /// - Throws: `FeedFailure`.
  static func load(
    _ record: FeedRecord, client: S3Client, layout: BucketLayout
  ) async throws(FeedFailure) -> BucketFeed? {
    let answer: S3Answer
    do {
      answer = try await client.get(layout.head(of: record.photographer))
    } catch {
      throw FeedFailure(error)
    }
    let known = [record.next, record.head].compactMap(\.self)
    if answer.isSuccess, answer.tag != nil {
      let bytes = Data(answer.body)
      guard known.contains(bytes), let head = try? JSONDecoder().decode(FeedHead.self, from: bytes) else {
        return nil
      }
      return BucketFeed(client: client, layout: layout, head: head, tag: answer.tag)
    }
    guard answer.code == "NoSuchKey" || (answer.status == 404 && answer.speaksS3 && answer.code == nil) else {
      throw FeedFailure(answer)
    }
    // A head that was there and is gone is written again: its segments are still named by what the journal has.
    let head = known.lazy.compactMap { try? JSONDecoder().decode(FeedHead.self, from: $0) }.first
    return BucketFeed(
      client: client, layout: layout, head: head ?? FeedHead(photographer: record.photographer), tag: nil)
  }

  /// Writes the head, if it is still the one that we know where the store can promise that.
  mutating func write(head bytes: Data) async throws(FeedFailure) {
    let answer: S3Answer
    do {
      answer = try await client.put(
        Array(bytes), at: layout.head(of: head.photographer), headers: Self.headers,
        condition: tag.map { .unchanged(tag: $0) } ?? .absent)
    } catch {
      throw FeedFailure(error)
    }
    guard answer.isSuccess, let tag = answer.tag else { throw FeedFailure(answer) }
    self.tag = tag
  }

  /// Writes a segment, unless it is there.
  func write(_ segment: FeedSegment, priority: Request.Priority) async throws(FeedFailure) {
    let answer: S3Answer
    do {
      let headers = ObjectHeaders(contentType: "application/json", cacheControl: ObjectHeaders.immutable)
      let bytes = Array(segment.bytes)
      answer = try await client.put(
        S3Request(
          method: .put, key: layout.segment(segment.name, of: head.photographer), headers: headers.fields,
          body: .bytes(bytes), payload: ContentHash(of: bytes), priority: priority), .absent)
    } catch {
      throw FeedFailure(error)
    }
    // Its name is its content: what is there already is the same.
    guard (answer.isSuccess && answer.tag != nil) || answer.code == "PreconditionFailed" else {
      throw FeedFailure(answer)
    }
  }

  /// Writes one segment with all that is in several.
  func merge(_ segments: [FeedHead.Segment]) async throws -> FeedSegment {
    var parts: [FeedSegment] = []
    for segment in segments {
      let answer = try await client.get(layout.segment(segment.name, of: head.photographer))
      guard answer.isSuccess else { throw FeedFailure(answer) }
      parts.append(try FeedSegment(reading: Data(answer.body)))
    }
    let whole = try FeedSegment(merging: parts)
    try await write(whole, priority: .background)
    return whole
  }

  /// Whether the head is still the one that we wrote.
  func isUnchanged() async throws(FeedFailure) -> Bool {
    do {
      let (presence, answer) = try await client.head(layout.head(of: head.photographer))
      return switch presence {
      case .there(_, let tag): tag == self.tag
      case .absent: false
      case nil: throw FeedFailure(answer)
      }
    } catch let error as CurlError {
      throw FeedFailure(error)
    } catch let error as FeedFailure {
      throw error
    } catch {
      return false
    }
  }
}
