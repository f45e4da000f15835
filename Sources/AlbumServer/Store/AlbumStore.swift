import Foundation
import GRDB
import Model
import SystemPackage

/// The albums of one data folder: who may upload, which frames there are, and their bytes.
///
/// Everything that `AlbumServer` answers comes from here. Several stores, also of several processes, may have the
/// same folder open.
public final class AlbumStore: Sendable {
  let folder: DataFolder
  let database: DatabasePool
  let feeds = Feeds()
  private let embeddedKey: String

  /// Opens a data folder, making it and its first administrator token where they are missing.
  /// - Parameter path: the folder, `--data DIR` or the home's `albums/`.
  /// - Throws: `AlbumServerError`: `.dataFolder`, `.database` or `.noRoom`.
  public static func open(_ path: String) async throws -> AlbumStore {
    try await BlockingThreads.run { try AlbumStore(FilePath(path)) }
  }

  private init(_ path: FilePath) throws {
    folder = try DataFolder(path)
    embeddedKey = try folder.secret(at: folder.embeddedKey) { Token().text }
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(10)
      configuration.foreignKeysEnabled = true
      database = try DatabasePool(path: folder.database.string, configuration: configuration)
      // GRDB sets NORMAL when it opens in WAL mode, so FULL comes after it, and is read back: with less, a power
      // cut could take away a frame that was acknowledged.
      let synchronous = try database.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA synchronous = FULL")
        return try Int.fetchOne(database, sql: "PRAGMA synchronous")
      }
      guard synchronous == 2 else {
        throw AlbumServerError(.database, "\(folder.database) cannot be written durably")
      }
      try Schema.migrator.migrate(database)
      guard chmod(folder.database.string, 0o600) == 0 else { throw Errno(rawValue: errno) }
    } catch let error as AlbumServerError {
      throw error
    } catch {
      throw AlbumServerError(.database, "\(folder.database) cannot be opened", underlying: error)
    }
    try ensureAdministrator()
  }

  /// The first token is written to its file before the database knows it: a crash in between is mended here.
  private func ensureAdministrator() throws {
    let exists = try database.read { database in
      try Bool.fetchOne(database, sql: "SELECT EXISTS(SELECT 1 FROM tokens WHERE album IS NULL)") == true
    }
    guard !exists else { return }
    let token = Token(text: try folder.secret(at: folder.adminToken) { Token().text })
    try database.write { database in
      try Self.insert(token, album: nil, in: database)
    }
  }

  // MARK: Albums

  /// Makes a new album, also where one of this name exists.
  /// - Parameter name: 1 to 200 bytes without control characters, as `Destination` allows.
  /// - Returns: the album and a token that may upload into it; the store itself keeps only the token's hash.
  public func createAlbum(named name: String) async throws -> AlbumAccess {
    let token = Token()
    return try await write { database in
      AlbumAccess(album: try Self.insertAlbum(named: name, token: token, in: database), token: token.text)
    }
  }

  /// The oldest album of this name, made if there is none: how an embedded album is found again.
  /// - Returns: the album and its token, which is the same in every run on this machine.
  public func findOrCreateAlbum(named name: String) async throws -> AlbumAccess {
    let key = embeddedKey
    return try await write { database in
      let found = try Row.fetchOne(
        database, sql: "SELECT * FROM albums WHERE name = ? ORDER BY id LIMIT 1", arguments: [name])
      let album = try found.map(Album.init(row:)) ?? Self.insertAlbum(named: name, token: nil, in: database)
      let token = Token(ofAlbum: album.slug, key: key)
      try Self.insert(token, album: album.id, in: database)
      return AlbumAccess(album: album, token: token.text)
    }
  }

  /// Every album, the newest first.
  public func albums() async throws -> [Album] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM albums ORDER BY id DESC").map(Album.init(row:))
    }
  }

  /// The album with this slug; `nil` where there is none.
  public func album(slug: String) async throws -> Album? {
    guard Slug.isPlausible(slug) else { return nil }
    return try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM albums WHERE slug = ?", arguments: [slug])
        .map(Album.init(row:))
    }
  }

  private static func insertAlbum(named name: String, token: Token?, in database: Database) throws -> Album {
    try database.execute(
      sql: "INSERT INTO albums(slug, name, created_at) VALUES (?, ?, ?)",
      arguments: [Slug.make(for: name), name, Date.now.formatted(.iso8601)])
    let id = database.lastInsertedRowID
    if let token { try insert(token, album: id, in: database) }
    guard let row = try Row.fetchOne(database, sql: "SELECT * FROM albums WHERE id = ?", arguments: [id])
    else {
      throw AlbumServerError(.database, "an album that was just made is not there")
    }
    return try Album(row: row)
  }

  // MARK: Tokens

  /// What a token allows.
  enum Permission: Equatable {
    case administrator
    case album
    /// It is a token of this server, for something else.
    case another
    case unknown
  }

  /// What a token allows for an album, or, without one, for the server.
  func permission(of token: Token, album: Int64?) async throws -> Permission {
    let hash = token.hash
    return try await read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT sha256, album FROM tokens WHERE album IS NULL OR album = ?", arguments: [album]
      )
      var permission = Permission.unknown
      for row in rows {
        let known = try ContentHash(column: row["sha256"])
        if known.isEqualInConstantTime(to: hash) {
          permission = row["album"] == nil ? .administrator : .album
        }
      }
      guard permission == .unknown else { return permission }
      let exists = try Bool.fetchOne(
        database, sql: "SELECT EXISTS(SELECT 1 FROM tokens WHERE sha256 = ?)", arguments: [Data(hash.bytes)])
      return exists == true ? .another : .unknown
    }
  }

  private static func insert(_ token: Token, album: Int64?, in database: Database) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO tokens(sha256, album, created_at) VALUES (?, ?, ?)",
      arguments: [Data(token.hash.bytes), album, Date.now.formatted(.iso8601)])
  }

  // MARK: Reading and writing

  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      return try await database.read(body)
    } catch let error as DatabaseError {
      throw failure(error)
    }
  }

  func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do {
      return try await database.write(body)
    } catch let error as DatabaseError {
      throw failure(error)
    }
  }

  private func failure(_ error: DatabaseError) -> AlbumServerError {
    error.resultCode == .SQLITE_FULL
      ? AlbumServerError(.noRoom, "there is no room for \(folder.database)", underlying: error)
      : AlbumServerError(.database, "\(folder.database) cannot be used", underlying: error)
  }
}

extension ContentHash {
  /// Reads a hash as the database keeps it: 32 bytes.
  init(column bytes: Data) throws {
    guard let hash = ContentHash(bytes: bytes) else {
      throw AlbumServerError(.database, "a hash in the database has \(bytes.count) bytes")
    }
    self = hash
  }

  /// As the database keeps it.
  var column: Data { Data(bytes) }
}
