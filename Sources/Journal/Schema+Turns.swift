extension Schema {
  /// What the order of deliveries is asked for by, so that no question looks at more than its answer however long the
  /// queue is.
  ///
  /// `delivery.source` is the frame's; `is_ready` 0 while the delivery of an original waits for its frame's renditions.
  static let turns = """
    ALTER TABLE delivery ADD COLUMN source TEXT NOT NULL DEFAULT '';
    ALTER TABLE delivery ADD COLUMN is_ready INTEGER NOT NULL DEFAULT 1;
    UPDATE delivery SET source = (SELECT source FROM frame WHERE frame.id = frame_id);
    UPDATE delivery SET is_ready = 0
    WHERE kind = 'original' AND (SELECT rendering FROM frame WHERE frame.id = frame_id) = 'waiting'
      AND destination_id IN (SELECT id FROM destination WHERE lower(album) NOT LIKE 'tus+http%');
    CREATE INDEX delivery_turn ON delivery(destination_id, kind, source, frame_id)
      WHERE state IN ('waiting', 'sending') AND stored_at IS NULL AND is_ready = 1;
    CREATE INDEX delivery_put_off ON delivery(destination_id, next_try_at)
      WHERE state IN ('waiting', 'sending') AND next_try_at IS NOT NULL;
    CREATE INDEX frame_to_render_in_turn ON frame(source, id) WHERE rendering = 'waiting' AND priority = 0;
    """
}
