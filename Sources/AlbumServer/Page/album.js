// The frames of an album as the page knows them: merged by identity, newest first.

/** The frames of one album. Pure: it knows neither the network nor the page. */
export class Album {
  #byID = new Map();
  #order = [];
  #latest = 0;

  /** How many frames there are. */
  get size() {
    return this.#byID.size;
  }

  /** Every frame, newest first. Not to be changed by the caller. */
  get frames() {
    return this.#order;
  }

  get(id) {
    return this.#byID.get(id);
  }

  /** The frame whose identity, or one of whose originals' hashes, begins with these digits, or undefined. */
  find(prefix) {
    if (this.#byID.has(prefix)) return this.#byID.get(prefix);
    // Another guest's page may name it by another of its originals (merge.js).
    return (
      this.#order.find((frame) => frame.frame.startsWith(prefix)) ??
      this.#order.find((frame) => frame.originals?.some(({ sha256 }) => sha256.startsWith(prefix)))
    );
  }

  /**
   * Takes frames in, in the order of their `seq`. What is known in a later version is left alone, so the same
   * frame may come any number of times, in any order.
   * @returns {{added: object[], changed: object[]}} the frames that were not there, and those that were.
   */
  merge(frames) {
    const added = new Map();
    const changed = new Map();
    for (const news of frames) {
      const known = this.#byID.get(news.frame);
      if (known && known.seq >= news.seq) continue;
      const frame = { ...news, first: known?.first ?? news.seq, moment: this.#moment(news, known) };
      this.#byID.set(frame.frame, frame);
      if (known && !added.has(frame.frame)) changed.set(frame.frame, frame);
      else added.set(frame.frame, frame);
    }
    if (added.size + changed.size > 0) this.#order = [...this.#byID.values()].sort(newestFirst);
    return { added: [...added.values()], changed: [...changed.values()] };
  }

  // When the shutter opened, as a number to sort by. A frame that does not say takes the place at which it
  // arrived: that of the newest frame before it.
  #moment(frame, known) {
    const captured = Date.parse(frame.captured_at ?? "");
    if (Number.isNaN(captured)) return known?.moment ?? this.#latest;
    this.#latest = Math.max(this.#latest, captured);
    return captured;
  }
}

function newestFirst(a, b) {
  return b.moment - a.moment || b.first - a.first || (a.frame < b.frame ? -1 : 1);
}
