import GRDB

extension Schema {
  /// Tables that are independent of any other migration but the first.
  static func registerPublishing(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("2 hooks") { database in
      try database.execute(sql: hooks)
    }
    migrator.registerMigration("2 retouching and published originals") { database in
      try database.execute(sql: publishing)
    }
  }

  /// One row is a program that is to be run for a frame; it goes when the program has ended.
  private static let hooks = """
    CREATE TABLE hook_call (
      id INTEGER PRIMARY KEY,
      frame_id INTEGER NOT NULL REFERENCES frame(id) ON DELETE CASCADE,
      point TEXT NOT NULL CHECK (point IN ('safe', 'viewable', 'delivered')),
      album TEXT,
      attempts INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX hook_call_of_frame ON hook_call(frame_id);
    """

  /// `retouch`: what came of a frame's retouching step. `published`: what goes to albums in an original's place; an
  /// original without a row goes as it is.
  private static let publishing = """
    CREATE TABLE retouch (
      frame_id INTEGER PRIMARY KEY REFERENCES frame(id) ON DELETE CASCADE,
      state TEXT NOT NULL CHECK (state IN ('done', 'failed', 'held')),
      reason TEXT,
      hash BLOB CHECK (length(hash) = 32),
      media_type TEXT,
      bytes INTEGER,
      path TEXT,
      CHECK (state != 'done' OR (hash NOT NULL AND media_type NOT NULL AND bytes NOT NULL AND path NOT NULL))
    ) STRICT;
    CREATE INDEX retouch_held ON retouch(frame_id) WHERE state = 'held';

    CREATE TABLE published (
      original_id INTEGER PRIMARY KEY REFERENCES original(id) ON DELETE CASCADE,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'copy', 'as_is', 'held')),
      without_location INTEGER NOT NULL DEFAULT 0,
      reason TEXT,
      hash BLOB CHECK (length(hash) = 32),
      name TEXT,
      media_type TEXT,
      bytes INTEGER,
      path TEXT,
      CHECK (state != 'copy' OR (hash NOT NULL AND name NOT NULL AND media_type NOT NULL AND bytes NOT NULL
        AND path NOT NULL))
    ) STRICT;
    CREATE INDEX published_waiting ON published(original_id) WHERE state = 'waiting';
    """
}
