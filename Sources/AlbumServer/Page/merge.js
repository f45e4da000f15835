// Several photographers' feeds as one album: the rules of Model/MergedFeed.swift. Pure.

/** Merges feed entries; knows of each frame what each photographer said last. */
export class Merger {
  #versions = new Map();
  #seq = 0;

  /**
   * Takes entries of one photographer's feed, in any order and any number of times.
   * @returns {object[]} the frames that changed by it, numbered by this page: photographers count each for themselves.
   */
  take(entries, photographer) {
    const changed = new Set();
    for (const entry of entries) {
      let versions = this.#versions.get(entry.frame);
      if (!versions) this.#versions.set(entry.frame, (versions = new Map()));
      if ((versions.get(photographer)?.seq ?? 0) >= entry.seq) continue;
      versions.set(photographer, entry);
      changed.add(versions);
    }
    return [...changed].map((versions) => ({ ...join(versions), seq: ++this.#seq }));
  }
}

// Whatever the first photographer, by id, does not have comes from the next one who has it.
function join(versions) {
  const entries = [...versions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const frame = {};
  for (const entry of entries) {
    for (const [key, value] of Object.entries(entry)) frame[key] ??= value;
  }
  return frame;
}
