extension Schema {
  /// `original.left_at` is when an original left the spool by policy, delivered everywhere (`Journal.prune`); NULL while
  /// its bytes are where `path` says.
  static let room = """
    ALTER TABLE original ADD COLUMN left_at INTEGER;
    CREATE INDEX original_to_keep ON original(frame_id) WHERE in_place = 0 AND left_at IS NULL;
    """
}
