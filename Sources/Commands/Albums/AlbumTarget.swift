import AlbumServer
import Delivery
import Foundation
import Model

/// An album that a run feeds: how it was given, where guests look, and where deliveries go.
struct AlbumTarget: Sendable {
  /// The album as given, which is how the journal and the events name it.
  let album: String
  /// Whether this run feeds it, or only sends what an earlier run left waiting.
  let isFed: Bool
  /// The live page; `nil` for a plain tus endpoint, which has none.
  var page: URL?
  let destination: DeliveryDestination
}

/// The albums of a run, before the embedded server listens.
struct AlbumChoice: Sendable {
  /// As given, each once, in order.
  let albums: [String]
  /// Albums that this run does not feed, but sends what waits for them.
  private(set) var leftover: [String] = []
  private var destinations: [String: Destination] = [:]
  private var tokens: [String: String] = [:]
  private var buckets: [String: BucketDestination] = [:]
  private let accounts: BucketAccounts

  /// Reads `--album` in all its forms; without any, the embedded album of today's date.
  /// - Throws: `Complaint`: 64 for what names no album, 77 for a bucket without keys, 78 for what is written wrong of it.
  init(
    _ albums: [String], credentials: Credentials, accounts: BucketAccounts, today: Date = Date()
  ) throws(Complaint) {
    self.accounts = accounts
    var seen: Set<String> = []
    let given = albums.filter { seen.insert($0).inserted }
    self.albums = given.isEmpty ? [Self.name(of: today)] : given
    for album in self.albums {
      let destination = try Self.destination(album)
      switch destination {
      case .bucket(let name, let prefix):
        buckets[album] = try accounts.destination(bucket: name, prefix: prefix)
      case .albumServer(let url), .tus(let url): tokens[album] = credentials.token(for: url)
      case .embedded: break
      }
      destinations[album] = destination
    }
  }

  /// Adds the albums of earlier runs for which something waits: those of this machine, and those whose token is
  /// written down. A token that was only in the environment of that run is not known to this one, and must not go
  /// to another server either: such an album waits until it is named again.
  mutating func add(leftover albums: [String], credentials: Credentials) {
    for album in albums where destinations[album] == nil {
      guard let destination = try? Destination(parsing: album),
        Self.isRemembered(destination, credentials: credentials, accounts: accounts)
      else { continue }
      switch destination {
      case .embedded: break
      case .albumServer(let url), .tus(let url): tokens[album] = credentials.rememberedToken(for: url)
      case .bucket(let name, let prefix):
        guard let bucket = try? accounts.destination(bucket: name, prefix: prefix) else { continue }
        buckets[album] = bucket
      }
      destinations[album] = destination
      leftover.append(album)
    }
  }

  /// Whether any run goes on with what waits for an album, named or not.
  static func isRemembered(
    _ destination: Destination, credentials: Credentials, accounts: BucketAccounts
  ) -> Bool {
    switch destination {
    case .embedded: true
    case .albumServer(let url), .tus(let url): credentials.rememberedToken(for: url) != nil
    case .bucket(let name, _): accounts.remembers(name)
    }
  }

  /// Whether this machine's own album server is needed.
  var needsEmbedded: Bool {
    destinations.values.contains { if case .embedded = $0 { true } else { false } }
  }

  /// Whether this run feeds an album of this machine.
  var feedsEmbedded: Bool {
    albums.contains { if case .embedded? = destinations[$0] { true } else { false } }
  }

  /// Where each album is, now that the embedded server listens.
  /// - Parameters:
  ///   - store: the embedded server's store; needed if `needsEmbedded`.
  ///   - local: how deliveries reach the embedded server, `http://127.0.0.1:PORT`.
  ///   - shown: how guests reach it.
  func targets(store: AlbumStore?, local: URL, shown: URL) async throws -> [AlbumTarget] {
    var targets: [AlbumTarget] = []
    for album in albums + leftover {
      guard let destination = destinations[album] else { continue }
      let isFed = albums.contains(album)
      switch destination {
      case .embedded(let name):
        guard let store else { continue }
        let access = try await store.findOrCreateAlbum(named: name)
        targets.append(
          AlbumTarget(
            album: album, isFed: isFed, page: AlbumLinks(slug: access.album.slug, base: shown).page,
            destination: DeliveryDestination(
              album: album, creationURL: AlbumLinks(slug: access.album.slug, base: local).uploads,
              token: access.token)))
      case .albumServer(let page):
        targets.append(
          AlbumTarget(
            album: album, isFed: isFed, page: page,
            destination: DeliveryDestination(
              album: album, creationURL: AlbumServerAddress(page: page).uploads, token: tokens[album])))
      case .tus(let url):
        targets.append(
          AlbumTarget(
            album: album, isFed: isFed, page: nil,
            destination: DeliveryDestination(
              album: album, creationURL: url, token: tokens[album], takes: destination.takes)))
      case .bucket:
        guard let bucket = buckets[album] else { continue }
        targets.append(
          AlbumTarget(
            album: album, isFed: isFed, page: try accounts.page(of: bucket),
            destination: DeliveryDestination(album: album, place: .bucket(bucket))))
      }
    }
    return targets
  }

  /// Reads one album as it is given on the command line.
  /// - Throws: `Complaint` (64).
  static func destination(_ album: String) throws(Complaint) -> Destination {
    do {
      return try Destination(parsing: album)
    } catch {
      throw Complaint(.usage, "The album \(error.description).")
    }
  }

  /// Whether an album is called as one that nobody gave a name: `2026-11-23`.
  static func isNameOfDay(_ album: String) -> Bool {
    let parts = album.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.count) == [4, 2, 2] && parts.joined().utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// `2026-11-23`, in the photographer's own time zone.
  static func name(of day: Date) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: day)
    return String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
  }
}
