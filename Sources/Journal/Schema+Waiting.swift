extension Schema {
  /// `delivery.failed_at` is when `reason` was written, so that of many the last one can be told.
  ///
  /// `session.policy` is what the session sends, as the command line says it (`all jpeg,later`), for originals that it
  /// fetched and could not write down any more; NULL where an older version wrote none.
  static let waiting = """
    ALTER TABLE delivery ADD COLUMN failed_at INTEGER;
    ALTER TABLE session ADD COLUMN policy TEXT;
    """
}
