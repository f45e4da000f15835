import GRDB

/// The database's tables. A migration that was released is never edited: a new one follows.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 albums, frames and uploads") { database in
      try database.execute(sql: first)
    }
    migrator.registerMigration("2 several originals of a frame") { database in
      try database.execute(sql: severalOriginals)
    }
    migrator.registerMigration("3 uploads in parts") { database in
      // `partial`, or `final;` and the parts' addresses, as in tus's Upload-Concat.
      try database.execute(sql: "ALTER TABLE uploads ADD COLUMN concatenation TEXT")
    }
    migrator.registerMigration("4 originals by their hashes") { database in
      try database.execute(
        sql: "CREATE INDEX assets_originals ON assets(album, sha256) WHERE kind = 'original'")
    }
    return migrator
  }

  /// `originals` is a JSON array of what `AlbumOriginal` is, its `url` the file's name below `/media/SLUG/`.
  private static let severalOriginals = """
    ALTER TABLE frames ADD COLUMN originals TEXT NOT NULL DEFAULT '[]';
    UPDATE frames SET originals = COALESCE((
      SELECT json_group_array(json_object('sha256', lower(hex(assets.sha256)), 'name', assets.name,
        'media_type', assets.media_type, 'bytes', assets.bytes, 'url', assets.file))
      FROM assets WHERE assets.album = frames.album AND assets.frame = frames.frame AND kind = 'original'), '[]');
    """

  private static let first = """
    CREATE TABLE albums(
      id INTEGER PRIMARY KEY,
      slug TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      created_at TEXT NOT NULL,
      -- The last sequence number given to a change of one of its frames.
      seq INTEGER NOT NULL DEFAULT 0,
      frames INTEGER NOT NULL DEFAULT 0,
      bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX albums_by_name ON albums(name, id);

    -- A token of no album is an administrator's.
    CREATE TABLE tokens(
      sha256 BLOB NOT NULL PRIMARY KEY,
      album INTEGER REFERENCES albums(id) ON DELETE CASCADE,
      created_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tokens_by_album ON tokens(album);

    -- What a viewer sees. thumbnail, preview and original are file names below /media/SLUG/.
    CREATE TABLE frames(
      album INTEGER NOT NULL REFERENCES albums(id) ON DELETE CASCADE,
      frame BLOB NOT NULL,
      seq INTEGER NOT NULL,
      name TEXT NOT NULL,
      media_type TEXT NOT NULL,
      bytes INTEGER,
      facts TEXT NOT NULL,
      thumbnail TEXT,
      preview TEXT,
      original TEXT,
      -- 1 from an original's publication until the server has made, or given up on, what is missing.
      lacks_renditions INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY(album, frame)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX frames_by_seq ON frames(album, seq);
    CREATE INDEX frames_lacking_renditions ON frames(album, seq) WHERE lacks_renditions = 1;

    -- Everything published: one row for each content that a frame has of a kind.
    CREATE TABLE assets(
      album INTEGER NOT NULL REFERENCES albums(id) ON DELETE CASCADE,
      frame BLOB NOT NULL,
      kind TEXT NOT NULL,
      sha256 BLOB NOT NULL,
      file TEXT NOT NULL,
      name TEXT NOT NULL,
      media_type TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY(album, frame, kind, sha256)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX assets_by_file ON assets(album, file);

    CREATE TABLE uploads(
      id TEXT NOT NULL PRIMARY KEY,
      album INTEGER NOT NULL REFERENCES albums(id) ON DELETE CASCADE,
      length INTEGER NOT NULL,
      -- Bytes that are on the disk for certain: the only truth about how far it is.
      offset INTEGER NOT NULL,
      metadata TEXT NOT NULL,
      -- Seconds since 1970.
      expires_at REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX uploads_by_expiry ON uploads(expires_at);
    """
}
