// Several photographers' feeds as one album: the rules of Model/MergedFeed.swift. Pure.

/** Merges feed entries; knows of each frame what each photographer said last. */
export class Merger {
  /** By every name that a frame has: what a photographer calls it, and its originals' hashes. */
  #frames = new Map();
  #seq = 0;

  /**
   * Takes entries of one photographer's feed, in any order and any number of times.
   * @returns {object[]} the frames that changed by it, numbered by this page: photographers count each for themselves.
   */
  take(entries, photographer) {
    const changed = new Set();
    for (const entry of entries) {
      const frame = this.#frame(entry);
      const version = `${photographer} ${entry.frame}`;
      if ((frame.versions.get(version)?.seq ?? 0) >= entry.seq) continue;
      frame.versions.set(version, entry);
      changed.add(frame);
    }
    return [...changed].map((frame) => ({ ...join(frame), seq: ++this.#seq }));
  }

  // Two laptops may call a frame by different originals. Two frames that were shown already stay two until the page is
  // opened again.
  #frame(entry) {
    const names = [entry.frame, ...(entry.originals ?? []).map(({ sha256 }) => sha256)];
    const known = names.find((name) => this.#frames.has(name));
    const frame = this.#frames.get(known) ?? { name: entry.frame, versions: new Map() };
    for (const name of names) if (!this.#frames.has(name)) this.#frames.set(name, frame);
    return frame;
  }
}

// Whatever the first photographer, by id, does not have comes from the next one who has it; of originals each once.
function join({ name, versions }) {
  const entries = [...versions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const frame = { frame: name };
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
