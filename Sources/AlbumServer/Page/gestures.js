// Fingers, pen and mouse on the lightbox's stage, as what they mean: drag, flick, pinch, tap.

/** A finger has to move this far, in CSS pixels, before it is a drag. */
const slop = 8;
/** Two taps within this time and distance are a double tap. */
const doubleTap = { milliseconds: 280, distance: 32 };

/**
 * Listens to pointers on an element and tells what they mean:
 * - `start()` when the first pointer goes down
 * - `drag({axis, dx, dy})` while one pointer moves; the axis ("x" or "y") is where it first went
 * - `dragEnd({axis, dx, dy, vx, vy})` with the speed in CSS pixels a millisecond
 * - `pinch({scale, x, y, dx, dy})` while two move: the change since the last call, about a point of the screen
 * - `pinchEnd()`
 * - `tap({x, y, target, touch})` and `doubleTap({x, y})`
 */
export class Gestures {
  #element;
  #tell;
  #pointers = new Map();
  #origin = null;
  #axis = null;
  #pinching = null;
  #trail = [];
  #lastTap = null;
  #tapTimer = 0;

  constructor(element, tell) {
    this.#element = element;
    this.#tell = tell;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event, true));
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("a, button")) return;
    this.#element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#pointers.size === 1) {
      this.#origin = { x: event.clientX, y: event.clientY, target: event.target };
      this.#axis = null;
      this.#trail = [];
      this.#tell.start();
    } else if (this.#pointers.size === 2) {
      if (this.#axis) this.#tell.dragEnd({ axis: this.#axis, dx: 0, dy: 0, vx: 0, vy: 0 });
      this.#axis = null;
      this.#origin = null;
      this.#pinching = this.#pair();
    }
  }

  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.#pinching && this.#pointers.size >= 2) {
      const now = this.#pair();
      const before = this.#pinching;
      this.#pinching = now;
      this.#tell.pinch({
        scale: now.distance / before.distance, x: now.x, y: now.y, dx: now.x - before.x, dy: now.y - before.y,
      });
    } else if (this.#origin) {
      const dx = event.clientX - this.#origin.x;
      const dy = event.clientY - this.#origin.y;
      if (!this.#axis && Math.hypot(dx, dy) > slop) this.#axis = Math.abs(dx) > Math.abs(dy) ? "x" : "y";
      this.#trail.push({ x: event.clientX, y: event.clientY, time: event.timeStamp });
      if (this.#trail.length > 6) this.#trail.shift();
      if (this.#axis) this.#tell.drag({ axis: this.#axis, dx, dy });
    }
  }

  #up(event, cancelled = false) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#pinching) {
      // What the other finger still does is no drag of its own.
      if (this.#pointers.size < 2) {
        this.#pinching = null;
        this.#tell.pinchEnd();
      }
      return;
    }
    const origin = this.#origin;
    this.#origin = null;
    if (!origin) return;
    if (this.#axis) {
      const { vx, vy } = cancelled ? { vx: 0, vy: 0 } : this.#speed(event);
      const [dx, dy] = cancelled ? [0, 0] : [event.clientX - origin.x, event.clientY - origin.y];
      this.#tell.dragEnd({ axis: this.#axis, dx, dy, vx, vy });
    } else if (!cancelled) {
      this.#tapped(event, origin.target);
    }
  }

  #tapped(event, target) {
    const tap = { x: event.clientX, y: event.clientY, target, touch: event.pointerType !== "mouse" };
    const last = this.#lastTap;
    clearTimeout(this.#tapTimer);
    if (last && event.timeStamp - last.time < doubleTap.milliseconds
      && Math.hypot(tap.x - last.x, tap.y - last.y) < doubleTap.distance) {
      this.#lastTap = null;
      this.#tell.doubleTap(tap);
      return;
    }
    this.#lastTap = { ...tap, time: event.timeStamp };
    this.#tapTimer = setTimeout(() => this.#tell.tap(tap), doubleTap.milliseconds);
  }

  #speed(event) {
    const start = this.#trail.find((point) => event.timeStamp - point.time < 100);
    const time = start ? event.timeStamp - start.time : 0;
    if (time <= 0) return { vx: 0, vy: 0 };
    return { vx: (event.clientX - start.x) / time, vy: (event.clientY - start.y) / time };
  }

  #pair() {
    const [a, b] = [...this.#pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }
}
