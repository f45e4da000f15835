extension Schema {
  /// By which clock each frame's capture time was written, in seconds and as a zone's name (`CaptureClock`); and what a
  /// camera's clock was seen to be ahead of this machine's, from when to when.
  static let clocks = """
    ALTER TABLE frame ADD COLUMN clock_offset INTEGER;
    ALTER TABLE frame ADD COLUMN zone TEXT;

    CREATE TABLE camera_clock (
      source TEXT NOT NULL,
      since INTEGER NOT NULL,
      until INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      PRIMARY KEY (source, since)
    ) STRICT;
    """

  /// Objects that are to go from their card once they are delivered everywhere, with the SHA-256 that their bytes had
  /// when they were taken; and which destinations have said, when asked, that they hold bytes with a hash.
  static let deletions = """
    CREATE TABLE card_deletion (
      object_id INTEGER PRIMARY KEY REFERENCES source_object(id) ON DELETE CASCADE,
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      state TEXT NOT NULL CHECK (state IN ('wanted', 'asked', 'deleted', 'kept')),
      reason TEXT,
      changed_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX card_deletion_open ON card_deletion(object_id) WHERE state IN ('wanted', 'asked');

    CREATE TABLE confirmation (
      destination_id INTEGER NOT NULL REFERENCES destination(id),
      hash BLOB NOT NULL CHECK (length(hash) = 32),
      confirmed_at INTEGER NOT NULL,
      PRIMARY KEY (destination_id, hash)
    ) STRICT;
    """
}
