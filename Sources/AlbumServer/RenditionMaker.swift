import Foundation
import GRDB
import Logging
import Model
import Pictures
import ServiceLifecycle
import SystemPackage

/// Makes the renditions of originals that came without them: by a plain tus client, or because their maker failed.
///
/// What is to be made is in the database (`frames.lacks_renditions`), so a crash only puts it off.
final class RenditionMaker: Service {
  private let store: AlbumStore
  private let logger: Logger
  private let looks: AsyncStream<Void>
  private let looking: AsyncStream<Void>.Continuation

  init(store: AlbumStore, logger: Logger) {
    self.store = store
    self.logger = logger
    (looks, looking) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Something was published that may lack renditions.
  func look() {
    looking.yield()
  }

  func run() async throws {
    look()
    // Its thread and libvips cost memory: most servers get their renditions from the photographers' own tools.
    var darkroom: Darkroom?
    for await _ in looks.cancelOnGracefulShutdown() {
      do {
        while !Task.isShuttingDownGracefully, !Task.isCancelled,
          let frame = try await store.nextLackingRenditions()
        {
          let opened = darkroom ?? Darkroom(threads: 1)
          darkroom = opened
          try await make(frame, in: opened)
        }
      } catch is CancellationError {
        return
      } catch {
        // The frame stays in the table; the next publication or start looks again.
        logger.error("renditions cannot be made", metadata: ["error": "\(error)"])
      }
    }
  }

  private func make(_ lacking: LackingRenditions, in darkroom: Darkroom) async throws {
    let rendered: RenderedPicture
    do {
      rendered = try await darkroom.render(
        file: store.folder.content(lacking.original).string,
        mark: store.folder.attemptMark(of: lacking.original).string)
    } catch {
      // Nothing to be made of it: it stays in the album as an original, and does not hold the others up.
      logger.log(
        level: error.code == .io ? .error : .notice, "an original has no renditions",
        metadata: ["frame": "\(lacking.frame)", "album": "\(lacking.album.slug)", "reason": "\(error)"])
      try await store.giveUpRenditions(of: lacking)
      return
    }
    let folder = store.folder
    for rendition in [rendered.thumbnail, rendered.preview] where lacking.kinds.contains(rendition.kind) {
      let bytes = rendition.bytes
      let hash = ContentHash(of: bytes)
      let draft = folder.upload(UploadID())
      try await BlockingThreads.run {
        let file = try StoredFile(upload: draft, offset: 0)
        try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        try file.sync()
        try folder.adopt(draft, as: hash)
        try folder.remove(draft)
      }
      try await store.publish(
        Publication(
          album: lacking.album, frame: lacking.frame, kind: rendition.kind, sha256: hash,
          bytes: Int64(bytes.count),
          type: ContentType(head: Array(bytes.prefix(ContentType.headLength)), name: nil),
          name: lacking.name, facts: rendered.facts))
    }
  }
}

/// A frame whose original is there and of whose renditions one or both are not.
struct LackingRenditions: Sendable {
  var album: Album
  var frame: ContentHash
  var name: String
  /// The content to render.
  var original: ContentHash
  var kinds: Set<AssetKind>
}

extension AlbumStore {
  /// The frame that has waited longest for its renditions; `nil` when all have theirs.
  func nextLackingRenditions() async throws -> LackingRenditions? {
    try await read { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM frames WHERE lacks_renditions = 1 ORDER BY album, seq LIMIT 1")
      else { return nil }
      let frame = try FrameRow(row: row)
      let albumRow = try Row.fetchOne(
        database, sql: "SELECT * FROM albums WHERE id = ?", arguments: [row["album"] as Int64])
      guard let albumRow, let original = frame.original.flatMap({ ContentHash(hex: $0.prefix(64)) }) else {
        throw AlbumServerError(.database, "a frame that lacks renditions has no original")
      }
      var kinds: Set<AssetKind> = []
      if frame.thumbnail == nil { kinds.insert(.thumbnail) }
      if frame.preview == nil { kinds.insert(.preview) }
      return LackingRenditions(
        album: try Album(row: albumRow), frame: frame.frame, name: frame.name, original: original,
        kinds: kinds)
    }
  }

  /// The frame is left as it is: viewers see no change.
  func giveUpRenditions(of lacking: LackingRenditions) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE frames SET lacks_renditions = 0 WHERE album = ? AND frame = ?",
        arguments: [lacking.album.id, lacking.frame.column])
    }
  }
}
