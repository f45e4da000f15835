// What an <img> is told of a frame: which renditions there are, and how wide they really are.

const longEdges = { thumbnail: 480, preview: 2048 };
/** In the grid nobody sees more than two device pixels for one of CSS; a venue's network feels them. */
const gridDensity = 2;

/** The width in pixels of a rendition: its long edge is fixed, and nothing is ever enlarged. */
export function renditionWidth(frame, kind) {
  const edge = longEdges[kind];
  if (!(frame.width > 0 && frame.height > 0)) return edge;
  return Math.max(1, Math.round(frame.width * Math.min(1, edge / Math.max(frame.width, frame.height))));
}

/** The renditions that are there, as a `srcset`; empty if there are none. */
export function sourceSet(frame) {
  return Object.keys(longEdges)
    .filter((kind) => frame[kind])
    .map((kind) => `${frame[kind]} ${renditionWidth(frame, kind)}w`)
    .join(", ");
}

/** The `sizes` for a place of this width in the grid, in CSS pixels. */
export function gridSizes(width) {
  const saving = navigator.connection?.saveData ? 1 : gridDensity;
  return `${Math.max(1, Math.round(width * Math.min(1, saving / devicePixelRatio)))}px`;
}

/** Points an <img> at a frame; does nothing if it already shows just that, so no picture is fetched twice. */
export function point(image, frame, sizes) {
  const set = sourceSet(frame);
  if (image.sizes !== sizes) image.sizes = sizes;
  if (image.getAttribute("srcset") === set) return;
  image.srcset = set;
  image.src = frame.thumbnail ?? frame.preview;
}
