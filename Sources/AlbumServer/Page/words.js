// Everything the page says, in English and Chinese, and how it writes numbers, sizes and times.

const texts = {
  en: {
    skip: "Skip to the photos",
    photos: "Photos",
    photo: "Photo",
    live: "Live",
    connecting: "Connecting…",
    reconnecting: "Reconnecting…",
    offline: "Offline",
    ended: "Ended",
    liveHint: "New photos appear by themselves",
    offlineHint: "What is already here stays; new photos follow when the network is back",
    count: (n) => (n === 1 ? "1 photo" : `${number(n)} photos`),
    fresh: (n) => (n === 1 ? "1 new photo" : `${number(n)} new photos`),
    place: (n, of) => `${number(n)} of ${number(of)}`,
    alt: (name, time) => (time ? `Photo ${name}, taken ${time}` : `Photo ${name}`),
    coming: "On its way…",
    emptyTitle: "Say cheese!",
    emptyText: "The first photos will appear here by themselves.",
    missingTitle: "This album is not here",
    missingText: "The link may be mistyped, or the album may have been closed. Ask whoever sent it to you.",
    unreachableTitle: "The album cannot be reached",
    unreachableText: "This phone or the network seems to be offline. We keep trying.",
    retry: "Try again",
    share: "Share",
    shareAlbum: "Share this album",
    copied: "Link copied",
    notCopied: "Copy the address from the address bar",
    download: "Download the original",
    downloadWaiting: "The original is still on its way",
    save: "Download",
    info: "Details",
    close: "Close",
    newer: "Newer photo",
    older: "Older photo",
    kinds: { video: "Video clip", image: "Photo", raw: "Raw photo", other: "File" },
    noPicture: "This one cannot be shown in a browser.",
    rating: (n) => (n === 1 ? "1 star" : `${n} stars`),
    fields: {
      name: "File", time: "Taken", camera: "Camera", lens: "Lens", exposure: "Exposure", focal: "Focal length",
      rating: "Rating", pixels: "Picture", bytes: "Original",
      originals: "Download",
    },
  },
  zh: {
    skip: "跳到照片",
    photos: "照片",
    photo: "照片",
    live: "直播中",
    connecting: "连接中…",
    reconnecting: "重新连接中…",
    offline: "离线",
    ended: "已结束",
    liveHint: "新照片会自动出现",
    offlineHint: "已有照片仍可浏览，网络恢复后会继续更新",
    count: (n) => `${number(n)} 张照片`,
    fresh: (n) => `${number(n)} 张新照片`,
    place: (n, of) => `${number(n)} / ${number(of)}`,
    alt: (name, time) => (time ? `照片 ${name}，拍摄于${time}` : `照片 ${name}`),
    coming: "正在传输…",
    emptyTitle: "茄子！",
    emptyText: "第一批照片会自动出现在这里。",
    missingTitle: "找不到这个相册",
    missingText: "链接可能有误，或相册已关闭。请向分享者确认。",
    unreachableTitle: "暂时无法打开相册",
    unreachableText: "手机或网络似乎已离线，我们会继续尝试。",
    retry: "重试",
    share: "分享",
    shareAlbum: "分享相册",
    copied: "链接已复制",
    notCopied: "请从地址栏复制链接",
    download: "下载原图",
    downloadWaiting: "原图正在传输",
    save: "下载",
    info: "详细信息",
    close: "关闭",
    newer: "较新的照片",
    older: "较早的照片",
    kinds: { video: "视频", image: "照片", raw: "RAW 照片", other: "文件" },
    noPicture: "浏览器无法显示此文件。",
    rating: (n) => `${n} 星`,
    fields: {
      name: "文件名", time: "拍摄时间", camera: "相机", lens: "镜头", exposure: "曝光", focal: "焦距",
      rating: "评分", pixels: "尺寸", bytes: "原图", originals: "下载",
    },
  },
};

const rememberedAs = "pixcheese.language";
let language = remembered() ?? preferred();

/** The language that is spoken now: "en" or "zh". */
export function spoken() {
  return language;
}

/** Speaks the other language from now on, and remembers it where the browser allows that. */
export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  try {
    localStorage.setItem(rememberedAs, language);
  } catch {
    // Private windows may refuse; the choice then holds until the page is closed.
  }
}

/** A text by its key, or a function that makes one. */
export function say(key, ...given) {
  const text = texts[language][key];
  return typeof text === "function" ? text(...given) : text;
}

/** Puts the words of the language in all elements that name one (`data-word`, `data-word-label`). */
export function speak(root) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of root.querySelectorAll("[data-word-label]")) {
    element.setAttribute("aria-label", say(element.dataset.wordLabel));
    if (element.matches("button, a")) element.title = say(element.dataset.wordLabel);
  }
}

export function number(value) {
  return value.toLocaleString(language);
}

/** 25.3 MB, as people say it (powers of ten). */
export function byteCount(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) {
    bytes /= 1000;
    power += 1;
  }
  const digits = { maximumFractionDigits: bytes < 10 && power > 0 ? 1 : 0 };
  return `${bytes.toLocaleString(language, digits)} ${units[power]}`;
}

/**
 * A capture time as the clock of the camera showed it, wherever the guest is: the zone is left out on purpose.
 * @param {"long" | "short"} style
 */
export function clock(captured, style = "long") {
  const local = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?/.exec(captured ?? "")?.[0];
  const date = new Date(`${local}Z`);
  if (!local || Number.isNaN(date.valueOf())) return null;
  const shape = style === "long"
    ? { dateStyle: "long", timeStyle: "medium" }
    : { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return date.toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { ...shape, timeZone: "UTC" });
}

/** What kind of file a frame is, in a word. */
export function kindOf(frame) {
  const type = frame.media_type ?? "";
  const kind = type.startsWith("video/") ? "video"
    : /^image\/x-(?!ms|icon|png)/.test(type) ? "raw"
    : type.startsWith("image/") ? "image" : "other";
  return texts[language].kinds[kind];
}

/** The name of a field of the details. */
export function field(key) {
  return texts[language].fields[key];
}

function remembered() {
  try {
    const value = localStorage.getItem(rememberedAs);
    return value in texts ? value : null;
  } catch {
    return null;
  }
}

function preferred() {
  for (const tag of navigator.languages ?? [navigator.language]) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary in texts) return primary;
  }
  return "en";
}
