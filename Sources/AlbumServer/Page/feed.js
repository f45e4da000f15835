// Where frames come from. The page knows a feed only by this shape, so that a page on a bucket can poll
// instead of listening:
//
//   await feed.open()                → the album {album, name, url, created_at, frames}
//   await feed.load(frames => …)     → what the guest sees first, in batches
//   feed.follow({frames, state})     → what comes after, and how the connection is: "connecting", "live",
//                                      "reconnecting", "offline", or "ended" when the album is no more
//   await feed.loadRest(frames => …) → what `load` left out or could not get; after an error it can be called again
//   feed.close()
//
// A frame is given again with a higher `seq` whenever something was added to it.

/** Why an album cannot be shown: `code` is "missing" (no such album) or "unreachable" (try again). */
export class FeedError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const pageSize = 500;
/** A phone that slept this long is not trusted to have kept its connection, in milliseconds. */
const staleAfter = 20_000;

/** The feed of an album server: its JSON API, then its server-sent events. */
export class ServerFeed {
  #base;
  /** The highest sequence number seen: where the events go on. */
  #seq = 0;
  /** Frames with numbers from here to `#restEnd` are still to be loaded. */
  #rest = 0;
  #restEnd = 0;
  #source = null;
  #listener = null;
  #retry = 0;
  #failures = 0;
  #wasLive = false;
  #hiddenSince = null;
  #stop = new AbortController();

  constructor(slug) {
    this.#base = new URL(`../api/v1/albums/${encodeURIComponent(slug)}`, import.meta.url).href;
  }

  async open() {
    const album = await this.#get("");
    // An album that says its last number lets us begin near its end, where the newest are.
    this.#restEnd = Math.max(0, (album.seq ?? 0) - pageSize);
    return album;
  }

  async load(give) {
    let after = this.#restEnd;
    while (after !== null) {
      const page = await this.#page(after, give);
      after = page.next;
    }
  }

  async loadRest(give) {
    while (this.#rest < this.#restEnd) {
      const page = await this.#page(this.#rest, give);
      this.#rest = page.next ?? this.#restEnd;
    }
  }

  follow(listener) {
    this.#listener = listener;
    const { signal } = this.#stop;
    addEventListener("online", () => this.#connect(), { signal });
    addEventListener("offline", () => listener.state("offline"), { signal });
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal });
    addEventListener("pageshow", (event) => event.persisted && this.#connect(), { signal });
    this.#connect();
  }

  close() {
    this.#stop.abort();
    clearTimeout(this.#retry);
    this.#source?.close();
  }

  async #page(after, give) {
    const { frames, next } = await this.#get(`/frames?after=${after}&limit=${pageSize}`);
    this.#note(frames);
    give(frames);
    // A server that answers with no progress would keep us here for ever.
    return { next: next !== null && next > after ? next : null };
  }

  #note(frames) {
    for (const frame of frames) this.#seq = Math.max(this.#seq, frame.seq);
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#listener.state(this.#wasLive ? "reconnecting" : "connecting");
    // The browser sends Last-Event-ID when it reconnects by itself; on a first connection we must say it.
    const source = new EventSource(`${this.#base}/events?last_event_id=${this.#seq}`);
    this.#source = source;
    source.onopen = () => {
      this.#wasLive = true;
      this.#failures = 0;
      this.#listener.state("live");
    };
    source.onmessage = (event) => {
      const frame = JSON.parse(event.data);
      this.#note([frame]);
      this.#listener.frames([frame]);
    };
    source.onerror = () => {
      this.#listener.state(navigator.onLine ? "reconnecting" : "offline");
      // CONNECTING: the browser tries again by itself. CLOSED: it gave up, because the answer was an error.
      if (source.readyState === EventSource.CLOSED) this.#refused();
    };
  }

  // We go on, slower each time and never all guests at once; unless the album is gone.
  #refused() {
    const wait = Math.min(30_000, 1000 * 2 ** this.#failures) * (0.5 + Math.random());
    this.#failures = Math.min(this.#failures + 1, 5);
    this.#retry = setTimeout(async () => {
      try {
        await this.#get("");
      } catch (error) {
        if (error.code === "missing") {
          this.close();
          return this.#listener.state("ended");
        }
        return this.#refused();
      }
      this.#connect();
    }, wait);
  }

  #visibilityChanged() {
    if (document.hidden) {
      this.#hiddenSince = Date.now();
    } else if (this.#hiddenSince !== null && Date.now() - this.#hiddenSince > staleAfter) {
      this.#connect();
    }
  }

  async #get(path) {
    let response;
    try {
      response = await fetch(this.#base + path, { headers: { Accept: "application/json" } });
    } catch (error) {
      throw new FeedError("unreachable", String(error));
    }
    if (response.status === 404 || response.status === 410) throw new FeedError("missing", `${response.status}`);
    if (!response.ok) throw new FeedError("unreachable", `${response.status}`);
    try {
      return await response.json();
    } catch (error) {
      // A captive portal answers 200 with a page of its own.
      throw new FeedError("unreachable", String(error));
    }
  }
}
