import GRDB

/// The journal's tables. A migration is never edited after a release; a change is a new one.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 frames, deliveries, sources") { database in
      try database.execute(sql: version1)
    }
    migrator.registerMigration("2 owed objects, a session's albums") { database in
      try database.execute(sql: owedObjects)
    }
    migrator.registerMigration("2 cameras' clocks") { database in
      try database.execute(sql: clocks)
    }
    migrator.registerMigration("2 deletions on cards") { database in
      try database.execute(sql: deletions)
    }
    // It makes the delivery table anew: whatever adds columns to that comes after it.
    migrator.registerMigration("2 pairs and choices") { database in
      try database.execute(sql: pairsAndChoices)
    }
    registerPublishing(in: &migrator)
    migrator.registerMigration("2 bucket albums", migrate: addBucketAlbums)
    migrator.registerMigration("3 room") { database in
      try database.execute(sql: room)
    }
    migrator.registerMigration("4 turns of sources") { database in
      try database.execute(sql: turns)
    }
    migrator.registerMigration("5 last failures, what sessions send") { database in
      try database.execute(sql: waiting)
    }
    migrator.registerMigration("6 wishes for originals") { database in
      try database.execute(sql: publishingWishes)
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

  /// What sessions want and have not got; where a session's frames go, as a JSON array; when it was last alive.
  private static let owedObjects = """
    CREATE TABLE owed_object (
      id INTEGER PRIMARY KEY,
      session_id INTEGER NOT NULL REFERENCES session(id),
      source TEXT NOT NULL,
      folder TEXT NOT NULL,
      name TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      modified INTEGER NOT NULL,
      media_type TEXT,
      is_catch_up INTEGER NOT NULL,
      seen_at INTEGER NOT NULL,
      UNIQUE (source, folder, name, bytes, modified)
    ) STRICT;
    CREATE INDEX owed_object_of_session ON owed_object(session_id, source);
    ALTER TABLE session ADD COLUMN albums TEXT;
    ALTER TABLE session ADD COLUMN seen_at INTEGER;
    """

  /// A frame may have several originals (RAW and JPEG), each with deliveries of its own, and a frame or an original may
  /// be kept back from an album.
  ///
  /// `original.pair_key` is the folder (without the card slot) and the name without its extension, by which a second
  /// original is found; `shot_at` is the source's modification time. `choice` says whether a frame goes to an album;
  /// an original that does not go has a delivery that is `held`, so that nobody takes it for delivered.
  private static let pairsAndChoices = """
    ALTER TABLE frame ADD COLUMN rating INTEGER;
    ALTER TABLE frame ADD COLUMN is_protected INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE frame ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX frame_first ON frame(priority) WHERE priority > 0;

    ALTER TABLE original ADD COLUMN pair_key TEXT;
    ALTER TABLE original ADD COLUMN shot_at INTEGER;
    CREATE INDEX original_of_pair ON original(pair_key) WHERE pair_key IS NOT NULL;

    CREATE TABLE choice (
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      destination_id INTEGER NOT NULL REFERENCES destination(id),
      is_chosen INTEGER NOT NULL,
      PRIMARY KEY (frame_id, destination_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO choice SELECT DISTINCT frame_id, destination_id, 1 FROM delivery;

    CREATE TABLE new_delivery (
      id INTEGER PRIMARY KEY,
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      destination_id INTEGER NOT NULL REFERENCES destination(id),
      kind TEXT NOT NULL CHECK (kind IN ('thumbnail', 'preview', 'original')),
      original_id INTEGER REFERENCES original(id) ON DELETE CASCADE
        CHECK ((kind = 'original') = (original_id IS NOT NULL)),
      state TEXT NOT NULL CHECK (state IN ('held', 'waiting', 'sending', 'sent', 'parked')),
      offset INTEGER NOT NULL DEFAULT 0,
      upload_url TEXT,
      attempts INTEGER NOT NULL DEFAULT 0,
      added_at INTEGER,
      next_try_at INTEGER,
      reason TEXT,
      reason_code TEXT,
      sent_at INTEGER
    ) STRICT;
    INSERT INTO new_delivery (id, frame_id, destination_id, kind, original_id, state, offset, upload_url, attempts,
        next_try_at, reason, sent_at)
      SELECT id, frame_id, destination_id, kind,
        CASE WHEN kind = 'original' THEN (SELECT MIN(original.id) FROM original
          WHERE original.frame_id = delivery.frame_id) END,
        state, offset, upload_url, attempts, next_try_at, reason, sent_at FROM delivery;
    DROP TABLE delivery;
    ALTER TABLE new_delivery RENAME TO delivery;
    CREATE UNIQUE INDEX delivery_of_rendition ON delivery(frame_id, destination_id, kind) WHERE original_id IS NULL;
    CREATE UNIQUE INDEX delivery_of_original ON delivery(original_id, destination_id) WHERE original_id IS NOT NULL;
    CREATE INDEX delivery_of_frame ON delivery(frame_id);
    CREATE INDEX delivery_open ON delivery(destination_id, kind, frame_id) WHERE state IN ('waiting', 'sending');
    CREATE INDEX delivery_parked ON delivery(destination_id) WHERE state = 'parked';
    CREATE INDEX delivery_held ON delivery(destination_id) WHERE state = 'held';
    """
}
