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
  private let firstPause: Duration

  /// - Parameter firstPause: how long it waits before it tries again what failed for the disk's sake; it doubles, up to
  ///   ten minutes.
  init(store: AlbumStore, firstPause: Duration = .seconds(5), logger: Logger) {
    self.store = store
    self.firstPause = firstPause
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
    var pause = firstPause
    var timer = ContinuousClock.now
    await withDiscardingTaskGroup { group in
      for await _ in looks.cancelOnGracefulShutdown() {
        // What fails in this look is left for the next one, so that it does not hold up the others.
        var failed: Set<LackingRenditions.Place> = []
        var hasFailed = false
        do {
          while !Task.isShuttingDownGracefully, !Task.isCancelled,
            let frame = try await store.nextLackingRenditions(besides: failed)
          {
            let opened = darkroom ?? Darkroom(threads: 1)
            darkroom = opened
            if try await !make(frame, in: opened) { failed.insert(frame.place) }
          }
        } catch is CancellationError {
          break
        } catch {
          logger.error("renditions cannot be made", metadata: ["error": "\(error)"])
          hasFailed = true
        }
        guard hasFailed || !failed.isEmpty else {
          pause = firstPause
          continue
        }
        // A disk that is full or ails: what it refuses now it may give later.
        guard timer <= .now else { continue }
        let rest = pause
        timer = .now + rest
        group.addTask { await self.look(after: rest) }
        pause = min(pause * 2, Self.longestPause)
      }
      group.cancelAll()
    }
  }

  private static let longestPause = Duration.seconds(600)

  private func look(after pause: Duration) async {
    do {
      try await Task.sleep(for: pause)
      look()
    } catch {
      // The maker ends; what is lacking is in the database.
    }
  }

  /// - Returns: whether this frame is done with; one whose original cannot be read now is tried again later.
  private func make(_ lacking: LackingRenditions, in darkroom: Darkroom) async throws -> Bool {
    let rendered: RenderedPicture
    do {
      rendered = try await darkroom.render(
        file: store.folder.content(lacking.original).string,
        mark: store.folder.attemptMark(of: lacking.original).string)
    } catch {
      logger.log(
        level: error.code == .io ? .error : .notice, "an original has no renditions",
        metadata: ["frame": "\(lacking.frame)", "album": "\(lacking.album.slug)", "reason": "\(error)"])
      guard error.code != .io else { return false }
      // Nothing to be made of it: it stays in the album as an original, and does not hold the others up.
      try await store.giveUpRenditions(of: lacking)
      return true
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
          name: lacking.name, facts: rendered.facts, isMadeHere: true))
    }
    return true
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
  var place: Place { Place(album: album.id, frame: frame) }

  /// Which row of the table it is.
  struct Place: Hashable, Sendable {
    var album: Int64
    var frame: ContentHash
  }
}

extension AlbumStore {
  /// The frame that has waited longest for its renditions; `nil` when all have theirs.
  /// - Parameter places: those that are passed over.
  func nextLackingRenditions(
    besides places: Set<LackingRenditions.Place> = []
  ) async throws -> LackingRenditions? {
    try await read { database in
      let lacking = try Row.fetchCursor(
        database,
        sql: "SELECT * FROM frames WHERE lacks_renditions = 1 ORDER BY album, seq")
      var next: Row?
      while next == nil, let row = try lacking.next() {
        let place = LackingRenditions.Place(
          album: row["album"], frame: try ContentHash(column: row["frame"]))
        if !places.contains(place) { next = row.copy() }
      }
      guard let row = next else { return nil }
      let frame = try FrameRow(row: row)
      let albumRow = try Row.fetchOne(
        database, sql: "SELECT * FROM albums WHERE id = ?", arguments: [row["album"] as Int64])
      guard let albumRow, let original = frame.original.flatMap({ ContentHash(hex: $0.prefix(64)) }) else {
        throw AlbumServerError(.database, "a frame that lacks renditions has no original")
      }
      var kinds: Set<AssetKind> = []
      for kind in [AssetKind.thumbnail, .preview] where !frame.has(kind) { kinds.insert(kind) }
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
