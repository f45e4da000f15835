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

  /// `publishing_wish` has one row while a run is at work that prepares originals before they go, or was killed; whoever
  /// makes a delivery of an original, or makes one anew that was made, puts it under that row's wishes in the same
  /// transaction.
  static let publishingWishes = """
    CREATE TABLE publishing_wish (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      without_location INTEGER NOT NULL
    ) STRICT;
    \(preparing("new_original_is_prepared", "INSERT ON delivery", when: "TRUE"))
    \(preparing("original_is_prepared_again", "UPDATE OF state ON delivery", when: "old.state = 'sent'"))
    """

  private static func preparing(_ name: String, _ event: String, when condition: String) -> String {
    """
    CREATE TRIGGER \(name) AFTER \(event)
    WHEN new.kind = 'original' AND new.state != 'sent' AND \(condition) BEGIN
      INSERT INTO published (original_id, state, without_location)
      SELECT new.original_id, 'waiting', without_location FROM publishing_wish
      WHERE NOT EXISTS (SELECT 1 FROM published WHERE original_id = new.original_id);
      UPDATE published SET state = 'waiting', without_location = 1
      WHERE NOT without_location AND original_id = new.original_id
        AND (SELECT without_location FROM publishing_wish);
    END;
    """
  }
}
