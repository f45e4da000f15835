// One frame, as large as the screen: neighbours beside it, details and sharing.

import { Gestures } from "./gestures.js";
import { calm } from "./motion.js";
import { Slide } from "./slide.js";
import { byteCount, clock, field, kindOf, number, say } from "./words.js";

/** The space between two neighbours, in CSS pixels. */
const gutter = 24;

/** The dialog that shows one frame. It keeps the address (`#` and the first 12 digits) in step. */
export class Lightbox {
  #dialog;
  #album;
  #on;
  #parts;
  #id = null;
  #slides = new Map();
  #x = 0;
  #moving = 0;
  #pushed = false;
  #returning = false;
  #pull = 0;
  #grip = 0;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("./album.js").Album} album
   * @param {{placeOf: (id: string) => DOMRect | null, closed: (id: string) => void, share: (url: string) => void}} on
   */
  constructor(dialog, album, on) {
    this.#dialog = dialog;
    this.#album = album;
    this.#on = on;
    const names = ["stage", "track", "place", "share", "download", "info", "close", "newer", "older", "panel"];
    this.#parts = Object.fromEntries(names.map((name) => [name, dialog.querySelector(`#${name}`)]));
    const { share, info, close, newer, older, download } = this.#parts;
    close.onclick = () => this.close();
    newer.onclick = () => this.step(-1);
    older.onclick = () => this.step(1);
    info.onclick = () => this.#showPanel(this.#parts.panel.hidden);
    share.onclick = () => this.#on.share(location.href);
    download.onclick = (event) => !download.hasAttribute("href") && event.preventDefault();
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    // A browser may close a dialog without asking (Escape twice); the page then follows.
    dialog.addEventListener("close", () => this.close());
    dialog.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("popstate", () => this.followAddress());
    addEventListener("resize", () => this.#id && this.#arrange());
    this.#parts.stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new Gestures(this.#parts.stage, {
      start: () => this.#gripped(),
      drag: (drag) => this.#dragged(drag),
      dragEnd: (drag) => this.#released(drag),
      pinch: (pinch) => this.#current?.pinch(pinch),
      pinchEnd: () => this.#current?.settle(),
      tap: (tap) => this.#tapped(tap),
      doubleTap: ({ x, y }) => this.#current?.toggleZoom(x, y),
    });
  }

  get isOpen() {
    return this.#id !== null;
  }

  /** Opens a frame that the guest chose in the grid: the address gets an entry of its own, so "back" closes. */
  open(id) {
    if (!this.#album.get(id)) return;
    const place = this.#on.placeOf(id);
    this.#pushed = true;
    history.pushState(null, "", addressOf(id));
    this.#show(id);
    this.#current?.growFrom(place);
  }

  /** Shows what the address names; false if it names a frame that is not there (yet). */
  followAddress() {
    const digits = /^#([0-9a-f]{8,64})$/.exec(location.hash)?.[1];
    const frame = digits && this.#album.find(digits);
    if (frame) {
      if (frame.frame !== this.#id) this.#show(frame.frame);
    } else if (this.isOpen) {
      this.#hide();
    }
    return !digits || Boolean(frame);
  }

  /** Closes as the guest asked for it. */
  close() {
    if (!this.isOpen || this.#returning) return;
    if (this.#pushed) {
      // Going back takes a moment; asked twice, it would leave the page.
      this.#returning = true;
      history.back();
    } else {
      history.replaceState(null, "", location.pathname + location.search);
      this.#hide();
    }
  }

  /** Shows the neighbour: -1 is newer, 1 is older. */
  step(by) {
    const frames = this.#album.frames;
    this.#go(frames[this.#index + by]?.frame, by);
  }

  /** Draws again after the album changed: new neighbours, better renditions, an original that has come. */
  refresh() {
    if (this.isOpen) this.#arrange();
  }

  get #index() {
    return this.#album.frames.findIndex((frame) => frame.frame === this.#id);
  }

  get #current() {
    return this.#slides.get(this.#id);
  }

  get #span() {
    return this.#parts.stage.clientWidth + gutter;
  }

  #show(id) {
    this.#id = id;
    this.#x = 0;
    this.#pull = 0;
    if (this.#dialog.classList.contains("leaving")) this.#clear();
    if (!this.#dialog.open) {
      this.#dialog.classList.remove("bare");
      this.#dialog.showModal();
      // Not the first button: the guest came for the picture.
      this.#dialog.focus({ preventScroll: true });
      document.documentElement.classList.add("locked");
    }
    this.#arrange();
  }

  #hide() {
    const id = this.#id;
    const shrink = this.#current?.shrinkTo(() => {
      this.#on.closed(id);
      return this.#on.placeOf(id);
    });
    this.#id = null;
    this.#pushed = false;
    this.#returning = false;
    cancelAnimationFrame(this.#moving);
    document.documentElement.classList.remove("locked");
    this.#dialog.classList.add("leaving");
    const end = () => {
      if (this.isOpen) return;
      this.#clear();
      this.#dialog.close();
      this.#on.closed(id);
    };
    if (shrink) shrink.then(end, end);
    else end();
  }

  #clear() {
    this.#dialog.classList.remove("leaving");
    this.#parts.track.replaceChildren();
    this.#slides.clear();
  }

  #go(id, by) {
    if (!id) return this.#glide();
    this.#current?.resetZoom();
    this.#id = id;
    // A key that is held down never runs farther ahead than there are neighbours.
    this.#x = Math.max(-this.#span, Math.min(this.#span, this.#x + Math.sign(by) * this.#span));
    history.replaceState(null, "", addressOf(id));
    this.#arrange();
    this.#glide();
  }

  // The frame, and one neighbour on each side, already loading.
  #arrange() {
    const frames = this.#album.frames;
    const index = this.#index;
    const wanted = new Map();
    for (const offset of [0, 1, -1]) {
      const frame = frames[index + offset];
      if (frame) wanted.set(frame.frame, offset);
    }
    for (const [id, slide] of this.#slides) {
      const away = frames.findIndex((frame) => frame.frame === id) - index;
      if (wanted.has(id) || (Math.abs(away) === 2 && this.#x !== 0)) continue;
      slide.element.remove();
      this.#slides.delete(id);
    }
    for (const [id, offset] of wanted) {
      let slide = this.#slides.get(id);
      if (!slide) {
        slide = new Slide();
        this.#slides.set(id, slide);
        this.#parts.track.append(slide.element);
      }
      slide.element.inert = offset !== 0;
      slide.show(this.#album.get(id), this.#parts.stage);
    }
    for (const [id, slide] of this.#slides) {
      const away = frames.findIndex((frame) => frame.frame === id) - index;
      slide.element.style.transform = `translateX(${away * this.#span}px)`;
    }
    this.#move();
    this.#describe(index);
  }

  #describe(index) {
    const { place, newer, older, download, panel } = this.#parts;
    const frame = this.#album.get(this.#id);
    const text = say("place", index + 1, this.#album.size);
    if (place.textContent !== text) place.textContent = text;
    newer.disabled = index === 0;
    older.disabled = index === this.#album.size - 1;
    if (frame.original) {
      download.href = frame.original;
      download.download = frame.name;
      download.removeAttribute("aria-disabled");
    } else {
      download.removeAttribute("href");
      download.setAttribute("aria-disabled", "true");
    }
    download.title = say(frame.original ? "download" : "downloadWaiting");
    download.setAttribute("aria-label", download.title);
    panel.replaceChildren(details(frame));
  }

  #showPanel(shown) {
    this.#parts.panel.hidden = !shown;
    this.#parts.info.setAttribute("aria-expanded", shown);
    this.#dialog.classList.toggle("detailed", shown);
    this.#arrange();
  }

  #move() {
    this.#parts.track.style.transform = `translate(${this.#x}px, ${this.#pull}px)`;
    this.#dialog.style.setProperty("--veil", `${Math.max(0.2, 1 - Math.abs(this.#pull) / 500)}`);
  }

  // Lets go: everything returns to its place, quickly at first.
  #glide() {
    cancelAnimationFrame(this.#moving);
    let before = performance.now();
    const tick = (now) => {
      const rest = calm() ? 0 : Math.exp(-(now - before) / 70);
      before = now;
      this.#x = Math.abs(this.#x * rest) < 0.5 ? 0 : this.#x * rest;
      this.#pull = Math.abs(this.#pull * rest) < 0.5 ? 0 : this.#pull * rest;
      this.#move();
      if (this.#x !== 0 || this.#pull !== 0) this.#moving = requestAnimationFrame(tick);
    };
    this.#moving = requestAnimationFrame(tick);
  }

  #gripped() {
    cancelAnimationFrame(this.#moving);
    this.#grip = this.#x;
    this.#current?.grip();
  }

  #dragged({ axis, dx, dy }) {
    if (this.#current?.isZoomed) return this.#current.pan(dx, dy);
    if (axis === "x") {
      const atEdge = this.#index + (dx < 0 ? 1 : -1) in this.#album.frames ? 1 : 0.3;
      this.#x = this.#grip + dx * atEdge;
    } else {
      this.#pull = dy;
    }
    this.#move();
  }

  #released({ axis, dx, dy, vx, vy }) {
    if (this.#current?.isZoomed) return this.#current.settle();
    const far = this.#parts.stage.clientWidth * 0.35;
    if (axis === "y" && (Math.abs(dy) > 140 || Math.abs(vy) > 0.7) && Math.sign(vy || dy) === Math.sign(dy)) {
      return this.close();
    }
    const flicked = Math.abs(vx) > 0.3 && Math.sign(vx) === Math.sign(dx);
    if (axis === "x" && (flicked || Math.abs(dx) > far)) this.step(dx < 0 ? 1 : -1);
    else this.#glide();
  }

  #tapped({ target, touch }) {
    if (!this.isOpen) return;
    if (touch) this.#dialog.classList.toggle("bare");
    else if (!target.closest(".frame")) this.close();
  }

  #wheel(event) {
    event.preventDefault();
    if (!event.ctrlKey) return;
    this.#current?.pinch({ scale: Math.exp(-event.deltaY / 100), x: event.clientX, y: event.clientY, dx: 0, dy: 0 });
    this.#current?.settle();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const frames = this.#album.frames;
    const keys = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.#go(frames[0].frame, -1),
      End: () => this.#go(frames.at(-1).frame, 1),
      i: () => this.#showPanel(this.#parts.panel.hidden),
      I: () => this.#showPanel(this.#parts.panel.hidden),
    };
    // The grid behind must not scroll away.
    const scrolling = [" ", "PageUp", "PageDown", "ArrowUp", "ArrowDown"].includes(event.key);
    if (scrolling && !event.target.closest("a, button, aside")) event.preventDefault();
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  }
}

function addressOf(id) {
  return `#${id.slice(0, 12)}`;
}

function details(frame) {
  const exposure = [frame.exposure_time, frame.aperture, frame.iso > 0 ? `ISO ${frame.iso}` : null];
  const facts = {
    time: clock(frame.captured_at),
    camera: frame.camera,
    lens: frame.lens,
    exposure: exposure.filter(Boolean).join("  ·  "),
    focal: frame.focal_length > 0 ? `${number(frame.focal_length)} mm` : null,
    rating: frame.rating > 0 ? "★".repeat(frame.rating) : null,
    pixels: frame.width > 0 ? `${frame.width} × ${frame.height}` : null,
    bytes: [kindOf(frame), frame.bytes > 0 ? byteCount(frame.bytes) : null].filter(Boolean).join(" · "),
    name: frame.name,
  };
  const list = document.createElement("dl");
  for (const [key, value] of Object.entries(facts)) {
    if (!value) continue;
    const term = document.createElement("dt");
    term.textContent = field(key);
    const words = document.createElement("dd");
    words.textContent = value;
    if (key === "rating") words.setAttribute("aria-label", say("rating", frame.rating));
    list.append(term, words);
  }
  if (frame.originals?.length > 1) list.append(...downloads(frame.originals));
  return list;
}

/** A link to each original, where a photo has several: RAW and JPEG. */
function downloads(originals) {
  const term = document.createElement("dt");
  term.textContent = field("originals");
  const links = document.createElement("dd");
  for (const original of originals) {
    const link = document.createElement("a");
    link.className = "original";
    link.href = original.url;
    link.download = original.name;
    link.textContent = `${formatOf(original)} · ${byteCount(original.bytes)}`;
    links.append(link);
  }
  return [term, links];
}

/** What photographers call a file of this kind: RAW, JPEG, HEIF. */
function formatOf({ media_type: type, name }) {
  if (type.startsWith("image/x-")) return "RAW";
  const known = { "image/jpeg": "JPEG", "image/heic": "HEIF", "image/heif": "HEIF", "image/tiff": "TIFF" };
  return known[type] ?? name.split(".").pop().toUpperCase();
}
