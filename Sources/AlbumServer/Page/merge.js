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

// Whatever the first photographer, by id, does not have comes from the next one who has it; of originals each once.
function join(versions) {
  const entries = [...versions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const frame = {};
  for (const entry of entries) {
    for (const [key, value] of Object.entries(entry)) frame[key] ??= value;
  }
  const originals = new Map();
  for (const original of entries.flatMap((entry) => entry.originals ?? [])) {
    if (!originals.has(original.sha256)) originals.set(original.sha256, original);
  }
  frame.originals = [...originals.values()];
  // One laptop may have the RAW and another the JPEG: Model/AlbumOriginal.swift, "lead".
  const open = frame.originals.filter(({ media_type: type }) => !type.startsWith("image/x-"));
  const candidates = open.length > 0 ? open : frame.originals;
  const lead = candidates.find(({ sha256 }) => sha256 === frame.frame) ?? candidates[0];
  if (lead) {
    const { name, media_type, bytes, url: original } = lead;
    Object.assign(frame, { name, media_type, bytes, original });
  }
  return frame;
}
