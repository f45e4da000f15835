import GRDB
import NIOCore
import Synchronization

/// The feeds of the albums that somebody watched since the server started.
final class Feeds: Sendable {
  private let feeds = Mutex<[Int64: AlbumFeed]>([:])

  var all: [(album: Int64, feed: AlbumFeed)] {
    feeds.withLock { $0.map { (album: $0.key, feed: $0.value) } }
  }

  var viewerCount: Int { all.reduce(0) { $0 + $1.feed.viewerCount } }

  func existing(album: Int64) -> AlbumFeed? {
    feeds.withLock { $0[album] }
  }

  /// The album's feed, begun at a position. Call it where nothing can be published between reading the position and this.
  func feed(album: Int64, position: Int64) -> AlbumFeed {
    feeds.withLock { feeds in
      if let feed = feeds[album] { return feed }
      let feed = AlbumFeed(position: position)
      feeds[album] = feed
      return feed
    }
  }

  /// A change that nobody watches costs nothing: a feed that begins later begins after it.
  func publish(_ event: ByteBuffer, seq: Int64, album: Int64) {
    existing(album: album)?.publish(event, seq: seq)
  }
}

extension AlbumStore {
  /// The feed of an album. A new one is begun on the writer's queue, where no change can slip in between.
  func feed(of album: Album) async throws -> AlbumFeed {
    if let feed = feeds.existing(album: album.id) { return feed }
    let feeds = feeds
    return try await write { database in
      let position = try Int64.fetchOne(
        database, sql: "SELECT seq FROM albums WHERE id = ?", arguments: [album.id])
      return feeds.feed(album: album.id, position: position ?? 0)
    }
  }

  /// Looks for changes that other processes made in watched albums.
  func catchUpFeeds() async throws {
    let watched = feeds.all.filter { $0.feed.viewerCount > 0 }
    guard !watched.isEmpty else { return }
    for (album, feed) in watched {
      let seq = try await read { database in
        try Int64.fetchOne(database, sql: "SELECT seq FROM albums WHERE id = ?", arguments: [album])
      }
      if let seq { feed.catchUp(to: seq) }
    }
  }
}
