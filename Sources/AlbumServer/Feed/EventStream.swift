import Model
import NIOCore
import ServiceLifecycle

/// The events of one album for one viewer, from where it left off until it goes or the server stops.
struct EventStream: Sendable {
  /// After how many milliseconds a browser connects again.
  static let retry = 2000
  private static let pageSize = 200

  let store: AlbumStore
  let album: Album
  let feed: AlbumFeed

  /// - Parameters:
  ///   - wanted: the last number that the viewer has seen; `nil` begins with what comes from now on. One that the album has
  ///     not reached yet (its folder was put back from a copy) begins again from the first.
  ///   - write: sends bytes; it waits as long as the connection takes none.
  func run(
    for viewer: Viewer, from wanted: Int64?, write: @concurrent (ByteBuffer) async throws -> Void
  ) async throws {
    // Before anything is read: what changes from here on is signalled.
    feed.add(viewer)
    feed.catchUp(to: album.seq)
    defer { feed.remove(viewer) }
    let now = feed.position
    var position = wanted.map { $0 <= now ? $0 : 0 } ?? now
    try await withGracefulShutdownHandler {
      try await withTaskCancellationHandler {
        try await viewer.writing {
          try await write(ServerSentEvent.opening(retry: Self.retry, position: position))
        }
        while true {
          position = try await sendAll(after: position, to: viewer, write: write)
          switch await viewer.next() {
          case .changed: continue
          case .heartbeat: try await viewer.writing { try await write(ServerSentEvent.heartbeat) }
          case .closed: return
          }
        }
      } onCancel: {
        viewer.close()
      }
    } onGracefulShutdown: {
      viewer.close()
    }
  }

  /// Sends everything after a position, and returns the position after it.
  private func sendAll(
    after position: Int64, to viewer: Viewer, write: @concurrent (ByteBuffer) async throws -> Void
  ) async throws -> Int64 {
    var position = position
    while !viewer.isClosed {
      switch feed.changes(after: position) {
      case .nothing: return position
      case .events(let events, let last):
        for event in events { try await viewer.writing { try await write(event) } }
        position = last
      case .older(let floor):
        let frames = try await store.frames(of: album, after: position, limit: Self.pageSize)
        guard let last = frames.last else {
          // Nothing up to the feed's beginning, as that stood before the store was read; the rest is in the feed.
          position = max(position, floor)
          continue
        }
        for frame in frames {
          let event = try ServerSentEvent.frame(frame)
          try await viewer.writing { try await write(event) }
        }
        position = last.seq
      }
    }
    return position
  }
}
