import GRDB

/// The journal's tables. A migration is never edited after a release; a change is a new one.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 frames, deliveries, sources") { database in
      try database.execute(sql: version1)
    }
    migrator.registerMigration("3 room") { database in
      try database.execute(sql: room)
    }
    return migrator
  }

  /// Hashes are 32-byte blobs, times are milliseconds since 1970 (UTC), paths of the spool are relative to it.
  private static let version1 = """
    CREATE TABLE session (
      id INTEGER PRIMARY KEY,
      started_at INTEGER NOT NULL,
      ended_at INTEGER
    ) STRICT;

    CREATE TABLE frame (
      id INTEGER PRIMARY KEY,
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
      session_id INTEGER REFERENCES session(id),
      source TEXT NOT NULL,
      announced_at INTEGER,
      safe_at INTEGER NOT NULL,
      facts TEXT,
      rendering TEXT NOT NULL CHECK (rendering IN ('waiting', 'done', 'failed')),
      rendering_failure TEXT
    ) STRICT;
    CREATE INDEX frame_to_render ON frame(id) WHERE rendering = 'waiting';
    CREATE INDEX frame_of_session ON frame(session_id);

    CREATE TABLE original (
      id INTEGER PRIMARY KEY,
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
      name TEXT NOT NULL,
      media_type TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      path TEXT NOT NULL,
      in_place INTEGER NOT NULL,
      modified_ns INTEGER
    ) STRICT;
    CREATE INDEX original_of_frame ON original(frame_id);
    CREATE UNIQUE INDEX original_in_spool ON original(path) WHERE in_place = 0;

    CREATE TABLE rendition (
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('thumbnail', 'preview')),
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      media_type TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      path TEXT NOT NULL,
      PRIMARY KEY (frame_id, kind)
    ) STRICT;

    CREATE TABLE source_object (
      id INTEGER PRIMARY KEY,
      source TEXT NOT NULL,
      folder TEXT NOT NULL,
      name TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      modified INTEGER NOT NULL,
      disposition TEXT NOT NULL CHECK (disposition IN ('baseline', 'taken', 'refused')),
      session_id INTEGER REFERENCES session(id),
      frame_id INTEGER REFERENCES frame(id) ON DELETE SET NULL,
      UNIQUE (source, folder, name, bytes, modified)
    ) STRICT;

    CREATE TABLE baseline (
      session_id INTEGER NOT NULL REFERENCES session(id),
      source TEXT NOT NULL,
      PRIMARY KEY (session_id, source)
    ) STRICT;

    CREATE TABLE destination (
      id INTEGER PRIMARY KEY,
      album TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE delivery (
      id INTEGER PRIMARY KEY,
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      destination_id INTEGER NOT NULL REFERENCES destination(id),
      kind TEXT NOT NULL CHECK (kind IN ('thumbnail', 'preview', 'original')),
      state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'parked')),
      offset INTEGER NOT NULL DEFAULT 0,
      upload_url TEXT,
      attempts INTEGER NOT NULL DEFAULT 0,
      next_try_at INTEGER,
      reason TEXT,
      sent_at INTEGER,
      UNIQUE (frame_id, destination_id, kind)
    ) STRICT;
    CREATE INDEX delivery_open ON delivery(destination_id, kind, frame_id) WHERE state IN ('waiting', 'sending');
    CREATE INDEX delivery_parked ON delivery(destination_id) WHERE state = 'parked';
    """
}
