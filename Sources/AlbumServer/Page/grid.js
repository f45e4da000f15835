// The grid: every frame has its place, but only the rows near the viewport are in the document.

import { layOut, pictureIsComing, ratioOf, rowAt, targetHeight } from "./layout.js";
import { calm } from "./motion.js";
import { gridSizes, point } from "./picture.js";
import { byteCount, clock, kindOf, say } from "./words.js";

/** How far beyond the viewport rows are kept, in viewport heights. */
const overscan = 1;
/** Scrolling faster than this (viewport heights for each drawn frame) starts no downloads. */
const flying = 0.5;
/** How long new frames take to slide in, in milliseconds; page.css has the same. */
const sliding = 600;

/** Draws frames, newest first, into a list element. */
export class Grid {
  #list;
  #frames = [];
  #rows = [];
  #gap = 4;
  #width = 0;
  #tiles = new Map();
  #drawing = 0;
  #lastY = 0;
  #settle = 0;
  #slide = 0;
  #onOpen;

  /**
   * @param {HTMLElement} list
   * @param {(id: string) => void} onOpen called when a guest opens a frame
   */
  constructor(list, onOpen) {
    this.#list = list;
    this.#onOpen = onOpen;
    new ResizeObserver(() => this.#resized()).observe(list);
    addEventListener("scroll", () => this.#requestDraw(), { passive: true });
    list.addEventListener("click", (event) => this.#clicked(event));
  }

  /**
   * Shows these frames, and what the guest looks at stays where it is. With `slide`, for a guest at the top, tiles
   * that are in sight move to their new places instead, and new ones appear gently.
   */
  show(frames, { slide = false } = {}) {
    const anchor = slide ? null : this.#anchor();
    this.#frames = frames;
    this.#place();
    this.#hold(anchor);
    if (slide && !calm()) {
      this.#list.classList.add("sliding");
      clearTimeout(this.#slide);
      this.#slide = setTimeout(() => this.#list.classList.remove("sliding"), sliding);
    }
    this.#draw();
  }

  /** Draws a frame again whose renditions or facts have changed; its place stays if its shape did. */
  update(frames) {
    const byID = new Map(frames.map((frame) => [frame.frame, frame]));
    let reshaped = false;
    const news = this.#frames.map((old) => {
      const frame = byID.get(old.frame);
      if (!frame) return old;
      reshaped ||= ratioOf(frame) !== ratioOf(old);
      return frame;
    });
    this.#frames = news;
    if (!reshaped) return this.#draw();
    const anchor = this.#anchor();
    this.#place();
    this.#hold(anchor);
    this.#draw();
  }

  /** Draws all words again, after the language changed. */
  speak() {
    for (const tile of this.#tiles.values()) tile.frame = null;
    this.#draw();
  }

  /** Asks again for pictures that failed to load, once the network is back. */
  retry() {
    for (const tile of this.#tiles.values()) if (tile.failed) tile.reload();
  }

  /** The frame at the top of the viewport, or undefined. */
  get topFrame() {
    return this.#frames[this.#rows[rowAt(this.#rows, scrollY - this.#top)]?.start];
  }

  /** The tile's place on the screen, or null while it is not drawn or out of sight. */
  placeOf(id) {
    const box = this.#tiles.get(id)?.element.getBoundingClientRect();
    return box && box.bottom > 0 && box.top < innerHeight ? box : null;
  }

  /** Scrolls, without moving more than needed, until a frame can be seen; and focuses it if asked. */
  reveal(id, { focus = false } = {}) {
    const index = this.#frames.findIndex((frame) => frame.frame === id);
    const row = this.#rows.find((row) => row.start <= index && index < row.end);
    if (!row) return;
    const top = this.#top + row.top;
    if (top < scrollY + 80 || top + row.height > scrollY + innerHeight - 20) {
      scrollTo({ top: top - Math.max(80, (innerHeight - row.height) / 2), behavior: "instant" });
      this.#draw();
    }
    if (focus) this.#tiles.get(id)?.focus();
  }

  get #top() {
    return this.#list.getBoundingClientRect().top + scrollY;
  }

  #place() {
    this.#width = this.#list.clientWidth;
    this.#gap = this.#width < 600 ? 4 : 8;
    const target = targetHeight(this.#width);
    const { rows, height } = layOut(this.#frames.map(ratioOf), {
      width: this.#width, gap: this.#gap, target, tallest: Math.max(target, Math.min(innerHeight * 0.7, 680)),
    });
    this.#rows = rows;
    this.#list.style.height = `${Math.ceil(height)}px`;
  }

  #resized() {
    if (this.#list.clientWidth === this.#width) return;
    const anchor = this.#anchor();
    this.#place();
    this.#hold(anchor);
    this.#draw();
  }

  // What the guest looks at now stays where it is, whatever happens above it.
  #anchor() {
    const row = this.#rows[rowAt(this.#rows, scrollY - this.#top)];
    if (!row || scrollY < 8) return null;
    return { id: this.#frames[row.start]?.frame, offset: this.#top + row.top - scrollY };
  }

  #hold(anchor) {
    if (!anchor) return;
    const index = this.#frames.findIndex((frame) => frame.frame === anchor.id);
    const row = this.#rows.find((row) => row.start <= index && index < row.end);
    if (!row) return;
    const delta = this.#top + row.top - scrollY - anchor.offset;
    if (Math.abs(delta) >= 1) scrollBy({ top: delta, behavior: "instant" });
  }

  #requestDraw() {
    this.#drawing ||= requestAnimationFrame(() => {
      this.#drawing = 0;
      const y = scrollY;
      const fast = Math.abs(y - this.#lastY) > innerHeight * flying;
      this.#lastY = y;
      this.#draw(fast);
    });
  }

  #draw(fast = false) {
    const y = scrollY - this.#top;
    const first = rowAt(this.#rows, y - innerHeight * overscan);
    const last = rowAt(this.#rows, y + innerHeight * (1 + overscan));
    const wanted = new Set();
    let before = this.#list.firstElementChild;
    for (let at = first; at <= last && at < this.#rows.length; at++) {
      const row = this.#rows[at];
      let x = row.left;
      for (let index = row.start; index < row.end; index++) {
        const frame = this.#frames[index];
        // The last of a full row ends at the edge, whatever the rounding.
        const exact = ratioOf(frame) * row.height;
        const left = Math.round(x);
        const width = Math.round(x + exact) - left;
        x += exact + this.#gap;
        wanted.add(frame.frame);
        let tile = this.#tiles.get(frame.frame);
        if (!tile) {
          tile = new Tile(frame.frame, this.#list.classList.contains("sliding"));
          this.#tiles.set(frame.frame, tile);
        }
        if (tile.element === before) before = before.nextElementSibling;
        else this.#list.insertBefore(tile.element, before);
        tile.place(left, Math.round(row.top), width, Math.round(row.height));
        tile.show(frame, { position: index + 1, of: this.#frames.length, load: !fast });
      }
    }
    for (const [id, tile] of this.#tiles) {
      // A tile that has the keyboard's focus stays, or the guest would be thrown back to the top.
      if (wanted.has(id) || tile.element.contains(document.activeElement)) continue;
      tile.element.remove();
      this.#tiles.delete(id);
    }
    clearTimeout(this.#settle);
    if (fast) this.#settle = setTimeout(() => this.#draw(), 120);
  }

  #clicked(event) {
    // With a modifier the link opens elsewhere, as any link does.
    const link = event.target.closest("a[data-open]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#onOpen(link.dataset.open);
  }
}

/** One frame's place in the document: a picture, a card for what cannot be shown, or a blank that waits. */
class Tile {
  element = document.createElement("li");
  frame = null;
  failed = false;
  #image = null;
  #width = 0;
  #height = 0;
  #tries = 0;
  #appearance = "";

  constructor(id, fresh) {
    this.element.className = "tile";
    this.element.dataset.tile = id;
    if (fresh) this.#enter();
  }

  // The class goes when the movement is over, or it would begin again whenever the element is moved.
  #enter() {
    this.#appearance = " fresh";
    this.element.classList.add("fresh");
    this.element.addEventListener("animationend", () => {
      this.#appearance = "";
      this.element.classList.remove("fresh");
    }, { once: true });
  }

  place(x, y, width, height) {
    const { style } = this.element;
    style.transform = `translate(${x}px, ${y}px)`;
    if (width !== this.#width) style.width = `${this.#width = width}px`;
    if (height !== this.#height) style.height = `${this.#height = height}px`;
  }

  show(frame, { position, of, load }) {
    this.element.setAttribute("aria-posinset", position);
    this.element.setAttribute("aria-setsize", of);
    if (this.frame !== frame) {
      this.frame = frame;
      if (frame.thumbnail || frame.preview) this.#makePicture();
      else this.#makeCard();
    }
    if (this.#image && load) point(this.#image, frame, gridSizes(this.#width));
  }

  focus() {
    this.element.querySelector("a")?.focus({ preventScroll: true });
  }

  reload() {
    this.failed = false;
    // Setting the same address again makes the browser ask again.
    const { srcset } = this.#image;
    this.#image.srcset = srcset;
  }

  #makePicture() {
    const { frame } = this;
    if (!this.#image) {
      const link = document.createElement("a");
      link.dataset.open = frame.frame;
      link.href = `#${frame.frame.slice(0, 12)}`;
      this.#image = document.createElement("img");
      this.#image.dataset.frame = frame.frame;
      this.#image.loading = "lazy";
      this.#image.decoding = "async";
      this.#image.draggable = false;
      this.#image.onload = () => this.#loaded();
      this.#image.onerror = () => this.#broken();
      link.append(this.#image);
      this.element.className = `tile picture${this.#appearance}`;
      this.element.replaceChildren(link);
    }
    this.#image.alt = say("alt", frame.name, clock(frame.captured_at, "short"));
    const clip = (frame.media_type ?? "").startsWith("video/");
    this.element.classList.toggle("clip", clip);
  }

  #loaded() {
    this.failed = false;
    this.#tries = 0;
    this.element.classList.add("ready");
  }

  #broken() {
    this.failed = true;
    this.#tries += 1;
    if (this.#tries > 4) return;
    const again = () => this.failed && this.element.isConnected && this.reload();
    setTimeout(again, 1000 * 2 ** this.#tries);
  }

  #makeCard() {
    const { frame } = this;
    this.#image = null;
    if (pictureIsComing(frame)) {
      this.element.className = `tile coming${this.#appearance}`;
      this.element.replaceChildren(text("span", "unseen", say("coming")));
      return;
    }
    const card = document.createElement("article");
    card.className = "card";
    card.dataset.frame = frame.frame;
    const facts = [kindOf(frame), frame.bytes > 0 ? byteCount(frame.bytes) : null].filter(Boolean).join(" · ");
    const link = text("a", "save", say("save"));
    link.href = frame.original;
    link.download = frame.name;
    link.setAttribute("aria-label", `${say("save")}: ${frame.name}`);
    card.append(text("p", "card-name", frame.name), text("p", "card-facts", facts), link);
    this.element.className = `tile filed${this.#appearance}`;
    this.element.replaceChildren(card);
  }
}

function text(kind, className, words) {
  const element = document.createElement(kind);
  element.className = className;
  element.textContent = words;
  return element;
}
