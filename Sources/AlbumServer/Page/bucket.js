// The feed of a bucket album: objects beside the page, asked for again and again (docs/delivery.md, "Bucket albums").

import { FeedError } from "./feed.js";
import { Merger } from "./merge.js";

/** So many frames are loaded before the guest sees any. */
const firstFrames = 500;
/** How often the heads are asked for, in milliseconds: looked at; looked at, but nothing has come for long; not looked at. */
const pace = { seen: 1500, quiet: 5000, hidden: 15_000 };
const quietAfter = 10 * 60_000;
/** How often it is asked who photographs. */
const rollEvery = 10_000;
const longestWait = 30_000;
const patience = 20_000;

/** A feed (see feed.js) that needs nothing but the objects of a bucket, or a CDN before it. */
export class BucketFeed {
  #root;
  #merger = new Merger();
  /**
   * By photographer: the head's tag, how far we have everything, the older segments still to be loaded, and whether its
   * first view failed and is still to be had.
   */
  #feeds = new Map();
  #listener = null;
  #timer = 0;
  #failures = 0;
  #busy = false;
  #rolledAt = 0;
  #newsAt = Date.now();
  #stop = new AbortController();

  /** @param {URL} album the address of album.json */
  constructor(album) {
    this.#root = new URL(".", album);
  }

  async open() {
    const { value } = await this.#get("album.json");
    if (value === null) throw new FeedError("missing", "there is no album.json");
    await this.#readRoll();
    return value;
  }

  async load(give) {
    const feeds = [...this.#feeds].filter(([, { through }]) => through === 0);
    const failures = await this.#each(feeds, (id, feed) => this.#begin(id, feed), give);
    // Where there is anything to show it is shown, and `loadRest` asks for the feeds that failed.
    const hasBegun = [...this.#feeds.values()].some(({ through }) => through > 0);
    if (failures.length > 0 && !hasBegun) throw failures[0];
  }

  async loadRest(give) {
    const feeds = [...this.#feeds].filter(([, { missed }]) => missed);
    const failures = await this.#each(feeds, (id, feed) => this.#begin(id, feed), give);
    for (const [id, feed] of this.#feeds) {
      try {
        await this.#loadRest(id, feed, give);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  // The newest first: a guest scrolls down from there.
  async #loadRest(id, feed, give) {
    while (feed.rest.length > 0) {
      const entries = await this.#segment(id, feed.rest.at(-1));
      feed.rest.pop();
      give(this.#merger.take(entries, id));
    }
  }

  follow(listener) {
    this.#listener = listener;
    const { signal } = this.#stop;
    const now = () => this.#schedule(0);
    addEventListener("online", now, { signal });
    addEventListener("offline", () => listener.state("offline"), { signal });
    addEventListener("pageshow", (event) => event.persisted && now(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || now(), { signal });
    listener.state("connecting");
    this.#schedule(0);
  }

  close() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #schedule(wait) {
    clearTimeout(this.#timer);
    if (!this.#stop.signal.aborted) this.#timer = setTimeout(() => this.#poll(), wait);
  }

  async #poll() {
    // Whoever comes back to the page while it asks already is served by that.
    if (this.#busy) return;
    this.#busy = true;
    try {
      if (Date.now() - this.#rolledAt > rollEvery) await this.#readRoll();
      // A feed whose first view is still to be had is followed from then on.
      const feeds = [...this.#feeds].filter(([, { missed }]) => !missed);
      const failures = await this.#each(feeds, (id, feed) => this.#advance(id, feed), (news) => this.#tell(news));
      // One feed that fails for long does not make the others slow.
      const serious = failures.find(({ code }) => code === undefined);
      if (serious || (failures.length > 0 && failures.length === feeds.length)) throw serious ?? failures[0];
      this.#failures = 0;
      const isWhole = failures.length === 0 && feeds.length === this.#feeds.size;
      this.#listener.state(isWhole ? "live" : "reconnecting");
    } catch (error) {
      if (error.code === undefined) throw error;
      this.#failures += 1;
      this.#listener.state(navigator.onLine ? "reconnecting" : "offline");
    } finally {
      this.#busy = false;
      this.#schedule(this.#wait());
    }
  }

  #tell(frames) {
    if (frames.length === 0) return;
    this.#newsAt = Date.now();
    this.#listener.frames(frames);
  }

  // Never all guests at once, and slower the longer it fails.
  #wait() {
    const quiet = Date.now() - this.#newsAt > quietAfter;
    const usual = document.hidden ? pace.hidden : quiet ? pace.quiet : pace.seen;
    const wait = Math.min(Math.max(usual, longestWait), usual * 2 ** this.#failures);
    return wait * (this.#failures > 0 ? 0.5 + Math.random() : 0.9 + Math.random() * 0.2);
  }

  async #readRoll() {
    const { value } = await this.#get("photographers.json");
    for (const id of value?.photographers ?? []) {
      if (/^[0-9a-z]{1,64}$/.test(id) && !this.#feeds.has(id)) {
        this.#feeds.set(id, { tag: null, through: 0, rest: [], missed: false });
      }
    }
    this.#rolledAt = Date.now();
  }

  // Asks for feeds, all at once, and gives what each has as it comes: one that fails keeps back nothing of another's.
  // Answers with why they failed.
  async #each(feeds, ask, give) {
    const asked = await Promise.allSettled(feeds.map(async ([id, feed]) => give(await ask(id, feed))));
    return asked.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
  }

  // The newest of a feed at once; what is older is left for `loadRest`. Here as in `#advance` the merger, which gives each
  // change once, takes entries only when no request can fail any more.
  async #begin(id, feed) {
    feed.missed = true;
    const { value: head, tag } = await this.#get(`feeds/${id}/head.json`);
    const rest = [...(head?.segments ?? [])];
    const entries = [...(head?.recent ?? [])];
    // A frame has several entries, and is one photo.
    while (rest.length > 0 && new Set(entries.map(({ frame }) => frame)).size < firstFrames) {
      entries.push(...(await this.#segment(id, rest.at(-1))));
      rest.pop();
    }
    Object.assign(feed, { tag, through: head?.seq ?? 0, rest, missed: false });
    return this.#merger.take(entries, id);
  }

  // What has come since the last time. A head that cannot be followed to its end is asked for again.
  async #advance(id, feed) {
    const { value: head, tag } = await this.#get(`feeds/${id}/head.json`, feed.tag);
    if (head === null) return [];
    const entries = [];
    for (const segment of head.segments) {
      // Segments made of older ones have nothing that is new to us.
      if (segment.through > feed.through) entries.push(...(await this.#segment(id, segment)));
    }
    entries.push(...head.recent);
    Object.assign(feed, { tag, through: head.seq });
    return this.#merger.take(entries, id);
  }

  async #segment(id, { name }) {
    if (!/^[0-9a-z]{1,64}\.json$/.test(name)) return [];
    const { value } = await this.#get(`feeds/${id}/${name}`, null, "default");
    if (value === null) throw new FeedError("unreachable", `${name} is not there`);
    return value.frames;
  }

  // The browser asks with the tag of what it has, and a 304 costs no more than its header. Where a bucket may not be
  // listed, what is not there is 403.
  async #get(path, known = null, cache = "no-cache") {
    let response;
    try {
      response = await fetch(new URL(path, this.#root), { cache, signal: AbortSignal.timeout(patience) });
    } catch (error) {
      throw new FeedError("unreachable", String(error));
    }
    if ([403, 404, 410].includes(response.status)) return { value: null, tag: null };
    if (!response.ok) throw new FeedError("unreachable", `${response.status}`);
    const tag = response.headers.get("etag");
    if (known !== null && tag === known) return { value: null, tag };
    try {
      return { value: await response.json(), tag };
    } catch (error) {
      // A captive portal answers 200 with a page of its own.
      throw new FeedError("unreachable", String(error));
    }
  }
}
