extension Schema {
  /// Originals that have left the spool, and the albums that a session feeds.
  ///
  /// `original.left_at` is when an original left the spool by policy, delivered everywhere (`Journal.prune`); NULL while
  /// its bytes are where `path` says. `session.albums` is a JSON list of the albums as given: where originals go that a
  /// session fetched and could not write down any more.
  static let room = """
    ALTER TABLE original ADD COLUMN left_at INTEGER;
    CREATE INDEX original_to_keep ON original(frame_id) WHERE in_place = 0 AND left_at IS NULL;
    ALTER TABLE session ADD COLUMN albums TEXT;
    """
}
