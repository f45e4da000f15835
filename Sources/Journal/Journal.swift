import Blocking
import Foundation
import GRDB
import Model
public import SystemPackage

/// The journal on disk: the only thing that decides what is safe.
///
/// SQLite in WAL mode with `synchronous = FULL`: a call that returned is on disk. One process writes (`open` takes a
/// lock); others may read. Every call is safe from any task and never blocks the caller's thread.
public final class Journal: Sendable {
  let database: DatabasePool
  let changes = Changes()
  private let changesByOthers = Changes()
  let roomWait = RoomWait()
  private let lock: JournalLock?
  /// Where originals and renditions lie.
  public let spool: Spool
  /// The database's file.
  public let path: FilePath

  private init(database: DatabasePool, lock: JournalLock?, spool: Spool, path: FilePath) {
    self.database = database
    self.lock = lock
    self.spool = spool
    self.path = path
  }

  /// Opens the journal for writing, and makes it (and the spool's folder) if it is not there. Whoever has it for a moment
  /// (`openForChanges`) is waited for.
  /// - Parameters:
  ///   - path: the database's file, `…/journal.sqlite`; `journal.lock` lies beside it.
  ///   - spool: the spool's folder.
  /// - Throws: `JournalError`: `locked` while another process writes it, `corrupt`, `newer`, `full`, `notAllowed`.
  public static func open(at path: FilePath, spool: FilePath) async throws(JournalError) -> Journal {
    try await offload { () throws(JournalError) in
      try Folders.create(path.removingLastComponent())
      try Folders.create(spool)
      let lock = try JournalLock(at: lockPath(beside: path), patience: .milliseconds(300))
      return try open(at: path, spool: spool, lock: lock)
    }
  }

  private static func lockPath(beside path: FilePath) -> FilePath {
    path.removingLastComponent().appending("journal.lock")
  }

  /// Opens a journal for a change by hand, also while a run is at work with it: SQLite lets one transaction at a time
  /// write, and the run notices (`followOtherWriters`). What only one may do (taking frames up, delivering them,
  /// reconciling the spool) is the lock's holder's. Where no run is at work the lock is held while the journal is opened,
  /// which may bring its tables up to date, and no longer: a run may begin meanwhile. The wishes of the last run
  /// (`beginPublishing`) end then: what is queued comes under those of the next.
  /// - Returns: the journal, and whether a run is at work with it.
  /// - Throws: `JournalError`; `locked` where the run is of a version whose journal is not this one's.
  public static func openForChanges(
    at path: FilePath, spool: FilePath
  ) async throws(JournalError) -> (journal: Journal, isRunning: Bool) {
    let locked: JournalError
    do {
      let journal = try await offload { () throws(JournalError) in
        let lock = try JournalLock(at: lockPath(beside: path))
        return try withExtendedLifetime(lock) { () throws(JournalError) in
          let journal = try open(at: path, spool: spool, lock: nil)
          do {
            try journal.database.write(endPublishing)
          } catch {
            throw JournalError(database: error, while: "Opening the journal \(path)")
          }
          return journal
        }
      }
      return (journal, false)
    } catch {
      guard error.code == .locked else { throw error }
      locked = error
    }
    guard let reader = try await openForReading(at: path, spool: spool),
      try await reader.read("Looking at the tables", Schema.migrator.hasCompletedMigrations)
    else { throw locked }
    return (
      try await offload { () throws(JournalError) in try open(at: path, spool: spool, lock: nil) }, true
    )
  }

  /// Blocks.
  /// - Parameter lock: `nil` beside a run, which has it.
  private static func open(
    at path: FilePath, spool: FilePath, lock: JournalLock?
  ) throws(JournalError) -> Journal {
    do {
      let database = try DatabasePool(path: path.string, configuration: configuration(readonly: false))
      // GRDB sets synchronous to NORMAL whenever it opens in WAL mode, after prepareDatabase: set it again and look.
      let synchronous = try database.writeWithoutTransaction { connection in
        try connection.execute(sql: "PRAGMA synchronous = FULL")
        return try Int.fetchOne(connection, sql: "PRAGMA synchronous")
      }
      guard synchronous == 2 else {
        throw JournalError(.io, "SQLite does not take synchronous = FULL for \(path).")
      }
      guard try database.read(Schema.migrator.hasBeenSuperseded) == false else {
        throw JournalError(.newer, "\(path) was written by a newer pixcheese.")
      }
      try Schema.migrator.migrate(database)
      return Journal(database: database, lock: lock, spool: Spool(root: spool), path: path)
    } catch {
      throw JournalError(database: error, while: "Opening the journal \(path)")
    }
  }

  /// Opens a journal that is there only for reading, whoever writes it meanwhile; `nil` if there is none.
  /// - Throws: `JournalError`: `corrupt`, `newer`, `notAllowed`.
  public static func openForReading(at path: FilePath, spool: FilePath) async throws(JournalError) -> Journal?
  {
    try await offload { () throws(JournalError) in
      guard access(path.string, F_OK) == 0 else { return nil }
      do {
        let database = try DatabasePool(path: path.string, configuration: configuration(readonly: true))
        guard try database.read(Schema.migrator.hasBeenSuperseded) == false else {
          throw JournalError(.newer, "\(path) was written by a newer pixcheese.")
        }
        return Journal(database: database, lock: nil, spool: Spool(root: spool), path: path)
      } catch {
        throw JournalError(database: error, while: "Opening the journal \(path)")
      }
    }
  }

  private static func configuration(readonly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readonly
    configuration.label = "journal"
    // A person's `queue send` of a whole season is one transaction; whoever writes frames meanwhile waits for it, since a write
    // that is refused would end the run.
    configuration.busyMode = .timeout(60)
    return configuration
  }

  /// Ticks at once and then whenever the journal changed in this process: look again for what there is to do.
  public func ticks() -> AsyncStream<Void> { changes.stream(ticksAtOnce: true) }

  /// Ticks whenever another process has changed the journal: a person, who may have put something right. While
  /// `followOtherWriters` runs.
  public func ticksOfOthers() -> AsyncStream<Void> { changesByOthers.stream(ticksAtOnce: false) }

  /// Looks twice a second whether another process (a person's `pixcheese queue`) has changed the journal, and ticks then.
  /// Runs until the task is cancelled.
  public func followOtherWriters() async {
    var seen: Int?
    while !Task.isCancelled {
      // SQLite counts the commits of other connections for each connection; a journal that cannot be read now is
      // somebody else's to complain about.
      let version = try? await database.writeWithoutTransaction { connection in
        try Int.fetchOne(connection, sql: "PRAGMA data_version")
      }
      if let version, version != seen {
        if seen != nil {
          changes.tick()
          changesByOthers.tick()
        }
        seen = version
      }
      // A cancelled sleep ends the loop.
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  /// Writes in one transaction; on return it is on disk. On a full disk it fails or waits (`waitForRoom`).
  func write<Value: Sendable>(
    _ action: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(JournalError) -> Value {
    try await roomWait.patiently { () async throws(JournalError) in
      do {
        let value = try await database.write(body)
        changes.tick()
        return value
      } catch {
        throw failure(error, while: action)
      }
    }
  }

  /// SQLite says "full" only where a write met ENOSPC. A WAL index that cannot grow, or a sync that finds out late, is an
  /// I/O error like any other to it: the disk itself is asked.
  private func failure(_ error: any Error, while action: String) -> JournalError {
    let failure = JournalError(database: error, while: action)
    guard failure.code == .io, (error as? DatabaseError)?.resultCode == .SQLITE_IOERR,
      let room = try? Spool.room(at: path.removingLastComponent()), room.free < 1 << 16
    else { return failure }
    return JournalError(.full, failure.message, underlying: error)
  }

  func read<Value: Sendable>(
    _ action: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(JournalError) -> Value {
    do {
      return try await database.read(body)
    } catch {
      throw JournalError(database: error, while: action)
    }
  }
}
