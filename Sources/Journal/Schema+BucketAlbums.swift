import GRDB

extension Schema {
  /// What bucket albums need: uploads in parts, assets that lie in the bucket and are not in a feed yet, and this
  /// machine's feed in each album.
  static func addBucketAlbums(to database: Database) throws {
    try database.execute(
      sql: """
        ALTER TABLE delivery ADD COLUMN stored_at INTEGER;
        CREATE INDEX delivery_stored ON delivery(destination_id, frame_id)
          WHERE state IN ('waiting', 'sending') AND stored_at IS NOT NULL;

        CREATE TABLE parted_upload (
          id INTEGER PRIMARY KEY,
          destination_id INTEGER NOT NULL REFERENCES destination(id),
          delivery_id INTEGER UNIQUE REFERENCES delivery(id) ON DELETE SET NULL,
          object TEXT NOT NULL,
          upload_id TEXT NOT NULL,
          part_bytes INTEGER NOT NULL CHECK (part_bytes > 0)
        ) STRICT;

        CREATE TABLE part (
          upload_id INTEGER NOT NULL REFERENCES parted_upload(id) ON DELETE CASCADE,
          number INTEGER NOT NULL CHECK (number > 0),
          bytes INTEGER NOT NULL,
          tag TEXT NOT NULL,
          PRIMARY KEY (upload_id, number)
        ) STRICT;

        CREATE TABLE feed (
          destination_id INTEGER PRIMARY KEY REFERENCES destination(id),
          photographer TEXT NOT NULL,
          head BLOB,
          next_head BLOB
        ) STRICT;
        """)
  }
}
