// One frame on the lightbox's stage: its thumbnail at once, the preview over it when it is there, and zoom.

import { calm } from "./motion.js";
import { point, sourceSet } from "./picture.js";
import { byteCount, clock, kindOf, say } from "./words.js";

const deepest = 5;
const doubleTapZoom = 2.5;

export class Slide {
  element = document.createElement("div");
  #frame = null;
  #box = document.createElement("div");
  #quick = document.createElement("img");
  #sharp = document.createElement("img");
  #size = { width: 0, height: 0 };
  #stage = null;
  #scale = 1;
  #x = 0;
  #y = 0;
  #grip = { x: 0, y: 0 };

  constructor() {
    this.element.className = "slide";
    this.#box.className = "frame";
    this.#quick.className = "quick";
    this.#quick.alt = "";
    this.#sharp.className = "sharp";
    this.#sharp.decoding = "async";
    this.#quick.draggable = this.#sharp.draggable = false;
    this.#sharp.onload = () => this.#box.classList.add("ready");
    this.element.append(this.#box);
  }

  get isZoomed() {
    return this.#scale > 1.01;
  }

  /** Shows a frame as large as the stage allows. */
  show(frame, stage) {
    this.#stage = stage;
    const changed = this.#frame !== frame;
    this.#frame = frame;
    if (!sourceSet(frame)) {
      if (changed) this.#showCard();
      return;
    }
    if (!this.#sharp.isConnected) this.#box.replaceChildren(this.#quick, this.#sharp);
    this.#box.classList.remove("filed");
    const style = getComputedStyle(stage);
    const room = {
      width: stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      height: stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    };
    const known = frame.width > 0 && frame.height > 0 ? frame : { width: 3, height: 2 };
    const fit = Math.min(room.width / known.width, room.height / known.height);
    // A small original is not blown up beyond its pixels by more than twice.
    const scale = frame.width > 0 ? Math.min(fit, 2) : fit;
    this.#size = { width: Math.round(known.width * scale), height: Math.round(known.height * scale) };
    this.#box.style.width = `${this.#size.width}px`;
    this.#box.style.height = `${this.#size.height}px`;
    if (frame.thumbnail && this.#quick.getAttribute("src") !== frame.thumbnail) this.#quick.src = frame.thumbnail;
    this.#sharp.alt = say("alt", frame.name, clock(frame.captured_at, "short"));
    this.#sharpen();
    this.#paint();
  }

  toggleZoom(x, y) {
    this.#box.classList.add("easing");
    if (this.isZoomed) this.resetZoom();
    else this.#zoomAbout(doubleTapZoom, x, y);
    this.settle();
  }

  resetZoom() {
    this.#scale = 1;
    this.#x = this.#y = 0;
    this.#paint();
  }

  grip() {
    this.#box.classList.remove("easing");
    this.#grip = { x: this.#x, y: this.#y };
  }

  pan(dx, dy) {
    this.#x = this.#grip.x + dx;
    this.#y = this.#grip.y + dy;
    this.#paint();
  }

  pinch({ scale, x, y, dx, dy }) {
    this.#box.classList.remove("easing");
    this.#x += dx;
    this.#y += dy;
    this.#zoomAbout(Math.min(deepest * 1.2, Math.max(0.7, this.#scale * scale)), x, y);
  }

  /** Brings the picture back to where it may be. */
  settle() {
    this.#box.classList.add("easing");
    this.#scale = Math.min(deepest, Math.max(1, this.#scale));
    const limit = (size, room) => Math.max(0, (size * this.#scale - room) / 2);
    const across = limit(this.#size.width, this.#stage.clientWidth);
    const down = limit(this.#size.height, this.#stage.clientHeight);
    this.#x = Math.min(across, Math.max(-across, this.#x));
    this.#y = Math.min(down, Math.max(-down, this.#y));
    this.#sharpen();
    this.#paint();
  }

  /** Grows out of the tile that was opened. */
  growFrom(place) {
    if (place) this.#fly(place, false);
  }

  /** Shrinks back into its tile; null if there is nothing to wait for. `find` makes the tile visible first. */
  shrinkTo(find) {
    const place = find();
    return place ? this.#fly(place, true) : null;
  }

  #fly(place, away) {
    if (calm() || this.#box.classList.contains("filed")) return null;
    const box = this.#box.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) return null;
    const scale = Math.max(place.width / box.width, place.height / box.height);
    const dx = place.left + place.width / 2 - (box.left + box.width / 2);
    const dy = place.top + place.height / 2 - (box.top + box.height / 2);
    const here = { transform: this.#transform, opacity: 1 };
    const there = {
      transform: `translate(${this.#x + dx}px, ${this.#y + dy}px) scale(${this.#scale * scale})`,
      opacity: away ? 0.6 : 1,
    };
    const flight = this.#box.animate(away ? [here, there] : [there, here], {
      duration: 260, easing: "cubic-bezier(.2, .8, .2, 1)", fill: away ? "forwards" : "none",
    });
    return flight.finished;
  }

  get #transform() {
    return `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }

  #zoomAbout(scale, x, y) {
    const box = this.#stage.getBoundingClientRect();
    const style = getComputedStyle(this.#stage);
    const middleX = box.left + (box.width + parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)) / 2;
    const middleY = box.top + (box.height + parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) / 2;
    const ratio = scale / this.#scale;
    this.#x = (x - middleX) * (1 - ratio) + this.#x * ratio;
    this.#y = (y - middleY) * (1 - ratio) + this.#y * ratio;
    this.#scale = scale;
    this.#paint();
  }

  // A picture that is zoomed asks for as many pixels as it then shows.
  #sharpen() {
    point(this.#sharp, this.#frame, `${Math.round(this.#size.width * this.#scale)}px`);
  }

  #paint() {
    this.#box.style.transform = this.#transform;
    this.element.classList.toggle("zoomed", this.isZoomed);
  }

  #showCard() {
    const frame = this.#frame;
    this.#box.classList.add("filed");
    const make = (kind, className, words) => {
      const element = document.createElement(kind);
      element.className = className;
      element.textContent = words;
      return element;
    };
    const facts = [kindOf(frame), frame.bytes > 0 ? byteCount(frame.bytes) : null].filter(Boolean).join(" · ");
    const parts = [
      make("p", "card-name", frame.name), make("p", "card-facts", facts),
      make("p", "card-facts", say(frame.original ? "noPicture" : "coming")),
    ];
    if (frame.original) {
      const link = make("a", "save", say("save"));
      link.href = frame.original;
      link.download = frame.name;
      parts.push(link);
    }
    this.#box.replaceChildren(...parts);
  }
}
