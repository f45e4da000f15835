// The live page: an album, its feed, the grid and the lightbox, joined.

import { Album } from "./album.js";
import { ServerFeed } from "./feed.js";
import { Grid } from "./grid.js";
import { Lightbox } from "./lightbox.js";
import { calm } from "./motion.js";
import { clock, say, speak, spoken, switchLanguage } from "./words.js";

/** Scrolled less than this (CSS pixels), the guest is at the top and sees new frames come in. */
const topEdge = 60;
/** What a screen reader is told of arrivals is gathered for this long, in milliseconds. */
const announceEvery = 4000;

const parts = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const slug = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const album = new Album();
// A page that lies in a bucket says where its album is; one that a server gives has it in its address.
const inBucket = document.querySelector("meta[name='pixcheese-album']");
const feed = inBucket
  ? new (await import("./bucket.js")).BucketFeed(new URL(inBucket.content, document.baseURI))
  : new ServerFeed(slug);
const grid = new Grid(parts.grid, (id) => lightbox.open(id));
const lightbox = new Lightbox(parts.lightbox, album, {
  placeOf: (id) => grid.placeOf(id),
  closed: (id) => {
    if (scrollY < topEdge || waiting.has(id)) letIn();
    grid.reveal(id, { focus: !parts.lightbox.open });
  },
  share: (url) => share(url),
});

let state = "loading";
let connection = "connecting";
let about = null;
let allLoaded = false;
/** Frames that came while the guest was looking elsewhere: in the album, not yet in the grid. */
const waiting = new Set();
let unannounced = 0;
let unseen = 0;
let momentTimer = 0;
let startTimer = 0;

history.scrollRestoration = "manual";
parts.language.onclick = () => {
  switchLanguage();
  speak(document);
  render();
  grid.speak();
};
parts["share-album"].onclick = () => share(location.href.split("#")[0]);
parts["message-retry"].onclick = () => start();
parts.pill.onclick = () => toTop();
addEventListener("scroll", scrolled, { passive: true });
document.addEventListener("visibilitychange", () => {
  unseen = 0;
  renderTitle();
});
setInterval(announce, announceEvery);
speak(document);
render();
await start();

async function start() {
  clearTimeout(startTimer);
  setState("loading");
  try {
    about = await feed.open();
    parts.name.textContent = about.name;
    renderTitle();
    await feed.load((frames) => album.merge(frames));
  } catch (error) {
    if (error.code === undefined) throw error;
    connection = "offline";
    setState(error.code);
    if (error.code === "unreachable") startTimer = setTimeout(start, 5000);
    return;
  }
  setState("ready");
  grid.show(album.frames);
  lightbox.followAddress();
  feed.follow({ frames: arrived, state: connected });
  await loadRest();
}

// The older part of a long album, while the guest already looks at the newest. What fails for long is asked for ever more
// rarely.
async function loadRest(pause = 3000) {
  try {
    await feed.loadRest((frames) => {
      album.merge(frames);
      grid.show(album.frames.filter((frame) => !waiting.has(frame.frame)));
      if (lightbox.isOpen) lightbox.refresh();
      else if (location.hash) lightbox.followAddress();
      render();
    });
    allLoaded = true;
    render();
  } catch (error) {
    if (error.code === undefined) throw error;
    if (error.code === "unreachable") setTimeout(loadRest, pause, Math.min(2 * pause, 30_000));
  }
}

// Frames come one by one, but what came between two drawn pictures is drawn once.
let arrivals = [];
function arrived(frames) {
  if (arrivals.length === 0) setTimeout(takeArrivals, 16);
  arrivals.push(...frames);
}

function takeArrivals() {
  const { added, changed } = album.merge(arrivals);
  arrivals = [];
  if (changed.length > 0) grid.update(changed.filter((frame) => !waiting.has(frame.frame)));
  if (added.length > 0) {
    unannounced += added.length;
    if (document.hidden) unseen += added.length;
    for (const frame of added) waiting.add(frame.frame);
    if (scrollY < topEdge && !lightbox.isOpen) letIn();
  }
  if (lightbox.isOpen) lightbox.refresh();
  else if (location.hash) lightbox.followAddress();
  render();
}

// The frames that waited take their places.
function letIn() {
  if (waiting.size === 0) return;
  waiting.clear();
  grid.show(album.frames, { slide: true });
  render();
}

function toTop() {
  // Ten thousand photos are not rushed past: what is far is left at once.
  const near = innerHeight * 2;
  if (scrollY > near) scrollTo({ top: near, behavior: "instant" });
  scrollTo({ top: 0, behavior: calm() ? "instant" : "smooth" });
  parts.photos.focus({ preventScroll: true });
}

function scrolled() {
  document.body.classList.toggle("scrolled", scrollY > 4);
  if (scrollY < topEdge && !lightbox.isOpen) letIn();
  renderMoment();
}

function connected(now) {
  const before = connection;
  connection = now;
  if (now === "live" && before !== "live") grid.retry();
  renderLive();
}

async function share(url) {
  try {
    if (navigator.share) return await navigator.share({ title: about?.name, url });
    await copy(url);
    toast(say("copied"));
  } catch (error) {
    if (error.name !== "AbortError") toast(say("notCopied"));
  }
}

// Without TLS, as on a LAN, browsers give no clipboard; a selection can still be copied.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "unseen";
  const home = parts.lightbox.open ? parts.lightbox : document.body;
  const focused = document.activeElement;
  home.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  focused?.focus();
  if (!done) throw new DOMException("copy was refused", "NotAllowedError");
}

function toast(words) {
  const element = parts.lightbox.open ? parts["lightbox-toast"] : parts.toast;
  element.textContent = words;
  element.classList.add("shown");
  clearTimeout(element.timer);
  element.timer = setTimeout(() => element.classList.remove("shown"), 2500);
}

function announce() {
  if (unannounced === 0) return;
  parts.arrivals.textContent = say("fresh", unannounced);
  unannounced = 0;
}

function setState(now) {
  state = now;
  render();
}

function render() {
  const shown = state === "ready" && album.size === 0 ? "empty" : state;
  document.body.dataset.state = shown;
  parts.language.textContent = spoken() === "en" ? "中文" : "EN";
  parts.language.lang = spoken() === "en" ? "zh" : "en";
  parts.language.setAttribute("aria-label", spoken() === "en" ? "切换到中文" : "Switch to English");
  if (!about && state !== "loading") parts.name.textContent = "PixCheese";
  const count = Math.max(album.size, allLoaded ? 0 : about?.frames ?? 0);
  parts.count.textContent = count > 0 ? say("count", count) : "";
  parts["message-title"].textContent = say(`${shown}Title`) ?? "";
  parts["message-text"].textContent = say(`${shown}Text`) ?? "";
  parts["message-retry"].hidden = shown !== "unreachable";
  parts.pill.hidden = waiting.size === 0;
  if (waiting.size > 0) parts["pill-words"].textContent = say("fresh", waiting.size);
  renderLive();
  renderTitle();
}

function renderLive() {
  parts.live.dataset.live = connection;
  parts.live.title = connection === "live" ? say("liveHint") : connection === "offline" ? say("offlineHint") : "";
  if (parts["live-words"].textContent !== say(connection)) parts["live-words"].textContent = say(connection);
}

function renderTitle() {
  document.title = `${unseen > 0 ? `(${unseen}) ` : ""}${about?.name ?? "PixCheese"}`;
}

// While the guest scrolls through hours of photos, when those in sight were taken.
function renderMoment() {
  const time = scrollY > innerHeight ? clock(grid.topFrame?.captured_at, "short") : null;
  parts.moment.classList.toggle("shown", time !== null);
  if (time) parts.moment.textContent = time;
  clearTimeout(momentTimer);
  momentTimer = setTimeout(() => parts.moment.classList.remove("shown"), 900);
}
