public import Curl
import Foundation
public import Model

/// Makes bucket albums and looks at them: what `pixcheese album` does with `s3://`.
public struct BucketAlbums: Sendable {
  /// A file of the live page, as it lies in the bucket.
  public struct PageFile: Sendable {
    /// Relative to the album.
    public var path: String
    public var bytes: [UInt8]
    public var mediaType: String
    /// Whether it never changes under its path.
    public var isImmutable: Bool

    public init(path: String, bytes: [UInt8], mediaType: String, isImmutable: Bool) {
      self.path = path
      self.bytes = bytes
      self.mediaType = mediaType
      self.isImmutable = isImmutable
    }
  }

  /// An album as it is in its bucket.
  public struct Shown: Sendable {
    /// Where in the bucket it is.
    public var prefix: String
    public var album: BucketAlbum
    /// Whose feeds it has.
    public var photographers: [String]
    /// Every frame, newest first; empty where only albums were asked for.
    public var frames: [AlbumFrame]
    /// The same by every name that a frame has (`MergedFeed.named`).
    public var named: [ContentHash: AlbumFrame]
  }

  /// Why a store did not do what it was asked for.
  public struct Failure: Error, Sendable {
    public let reason: DeliveryReason
  }

  private let client: S3Client
  private let layout: BucketLayout
  private let prefix: String

  public init(_ bucket: BucketDestination, curl: CurlClient) {
    client = S3Client(
      bucket.location, credentials: bucket.credentials, curl: curl,
      timeouts: Timeouts(connect: .seconds(5), total: .seconds(30)))
    layout = BucketLayout(prefix: bucket.prefix)
    prefix = bucket.prefix
  }

  /// Makes an album, or brings the page and the name of one that is there up to date; its frames stay.
  ///
  /// `album.json` is written last: with it there is an album.
  /// - Throws: `Failure`.
  public func create(_ album: BucketAlbum, page: [PageFile]) async throws(Failure) {
    for file in page {
      try await write(
        file.bytes, at: layout.root + file.path,
        ObjectHeaders(
          contentType: file.mediaType,
          cacheControl: file.isImmutable ? ObjectHeaders.immutable : "public, max-age=30, must-revalidate"))
    }
    var album = album
    if let known = try await self.album() { album.createdAt = known.createdAt }
    let bytes: Data
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      bytes = try encoder.encode(album)
    } catch {
      throw Failure(reason: DeliveryReason(.refused, "This name cannot be written as JSON."))
    }
    try await write(
      Array(bytes), at: layout.album,
      ObjectHeaders(contentType: "application/json", cacheControl: "public, max-age=30, must-revalidate"))
  }

  /// What the album says of itself; `nil` if there is none.
  /// - Throws: `Failure`.
  public func album() async throws(Failure) -> BucketAlbum? {
    try await read(layout.album)
  }

  /// The album with everything in it, as a guest has it; `nil` if there is none.
  /// - Throws: `Failure`.
  public func show() async throws(Failure) -> Shown? {
    guard let album = try await album() else { return nil }
    let list: PhotographerList? = try await read(layout.photographers)
    let photographers = (list?.photographers ?? []).filter(PhotographerList.isID)
    var merged = MergedFeed()
    for photographer in photographers {
      guard let head: FeedHead = try await read(layout.head(of: photographer)) else { continue }
      for segment in head.segments {
        let key = layout.segment(segment.name, of: photographer)
        let answer = try await asking { () throws(CurlError) in try await client.get(key) }
        guard answer.isSuccess, let frames = try? FeedSegment(reading: Data(answer.body)).frames else {
          throw Failure(reason: answer.isSuccess ? Self.unreadable(key) : answer.failure)
        }
        merged.take(frames, from: photographer)
      }
      merged.take(head.recent, from: photographer)
    }
    return Shown(
      prefix: prefix, album: album, photographers: photographers, frames: merged.frames, named: merged.named)
  }

  /// The albums right below this one's prefix, without their frames.
  /// - Throws: `Failure`.
  public func below() async throws(Failure) -> [Shown] {
    let listed = try await asking { () throws(CurlError) in try await client.folders(below: layout.root) }
    guard listed.answer.isSuccess else { throw Failure(reason: listed.answer.failure) }
    var albums: [Shown] = []
    for folder in listed.names {
      let prefix = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
      guard let album: BucketAlbum = try await read(BucketLayout(prefix: prefix).album) else { continue }
      albums.append(Shown(prefix: prefix, album: album, photographers: [], frames: [], named: [:]))
    }
    return albums
  }

  private func write(_ bytes: [UInt8], at key: String, _ headers: ObjectHeaders) async throws(Failure) {
    let answer = try await asking { () throws(CurlError) in
      try await client.put(bytes, at: key, headers: headers)
    }
    guard answer.isSuccess, answer.tag != nil else { throw Failure(reason: answer.failure) }
  }

  private func read<Value: Decodable & Sendable>(_ key: String) async throws(Failure) -> Value? {
    let answer = try await asking { () throws(CurlError) in try await client.get(key) }
    if answer.code == "NoSuchKey" || (answer.status == 404 && answer.speaksS3 && answer.code == nil) {
      return nil
    }
    guard answer.isSuccess, answer.tag != nil else { throw Failure(reason: answer.failure) }
    guard let value = try? JSONDecoder().decode(Value.self, from: Data(answer.body)) else {
      throw Failure(reason: Self.unreadable(key))
    }
    return value
  }

  private func asking<Value: Sendable>(
    _ body: () async throws(CurlError) -> Value
  ) async throws(Failure) -> Value {
    do {
      return try await body()
    } catch {
      if case .stopped(let reason, _) = AssetUpload.outcome(of: error) { throw Failure(reason: reason) }
      throw Failure(reason: DeliveryReason(.offline, error.text))
    }
  }

  private static func unreadable(_ key: String) -> DeliveryReason {
    DeliveryReason(.refused, "\(key) is there and is not what pixcheese writes.")
  }
}
