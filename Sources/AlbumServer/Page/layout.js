// Justified rows, computed from the frames' own sizes before any picture is there.
//
// Rows are closed from the oldest frame on. So a frame that arrives as the newest changes at most the two rows
// at the top, and everything below keeps its breaks: it only moves down as a whole.

/** Extreme panoramas and slips are cropped to these ratios of width to height. */
const narrowest = 0.5;
const widest = 3;
/** The ratio of a frame that has no picture to show: a card with words. */
export const cardRatio = 1.4;
/** Below this share of a full row the newest frames are laid out together with the row before them. */
const wellFilled = 0.75;

/** The ratio of width to height that a frame takes in the grid. */
export function ratioOf(frame) {
  if (!frame.thumbnail && !frame.preview && !pictureIsComing(frame)) return cardRatio;
  if (!(frame.width > 0 && frame.height > 0)) return 1.5;
  return Math.min(widest, Math.max(narrowest, frame.width / frame.height));
}

/** Whether a frame is announced, but nothing of it can be seen or taken yet. */
export function pictureIsComing(frame) {
  return !frame.thumbnail && !frame.preview && !frame.original;
}

/** The height in CSS pixels that rows in a grid of this width aim at. */
export function targetHeight(width) {
  return Math.round(Math.min(320, Math.max(125, width * 0.16 + 88)));
}

/**
 * Places frames (newest first) in rows.
 * @param {number[]} ratios width / height of each frame, newest first
 * @param {{width: number, gap: number, target: number, tallest: number}} room in CSS pixels
 * @returns {{rows: {top: number, height: number, left: number, start: number, end: number}[], height: number}}
 */
export function layOut(ratios, { width, gap, target, tallest }) {
  const groups = [];
  let end = ratios.length;
  let sum = 0;
  for (let index = ratios.length - 1; index >= 0; index--) {
    const count = end - index;
    const height = heightOf(sum + ratios[index], count, width, gap);
    if (count > 1 && height < target) {
      // The row is full with or without this frame: whichever comes nearer to the height aimed at.
      const without = heightOf(sum, count - 1, width, gap);
      const keep = target / height <= without / target;
      groups.push([keep ? index : index + 1, end]);
      end = keep ? index : index + 1;
      sum = keep ? 0 : ratios[index];
    } else {
      sum += ratios[index];
    }
  }
  groups.push(...newestRows(ratios, end, groups, { width, gap, target }));

  const rows = [];
  let top = 0;
  for (let at = groups.length - 1; at >= 0; at--) {
    const [start, stop] = groups[at];
    const total = sumOf(ratios, start, stop);
    const full = heightOf(total, stop - start, width, gap);
    const height = Math.min(full, tallest);
    const left = full > tallest ? (width - total * height - gap * (stop - start - 1)) / 2 : 0;
    rows.push({ top, height, left, start, end: stop });
    top += height + gap;
  }
  return { rows, height: Math.max(0, top - gap) };
}

// The frames before `end` do not fill a row. If they come near they make one; else they share with the newest
// full row, in one row or two.
function newestRows(ratios, end, groups, { width, gap, target }) {
  if (end === 0) return [];
  const filled = (stop) => (sumOf(ratios, 0, stop) * target + gap * (stop - 1)) / width;
  if (groups.length === 0 && filled(end) < 1.5) return [[0, end]];
  if (filled(end) >= wellFilled) return [[0, end]];
  const stop = groups.pop()?.[1] ?? end;
  if (filled(stop) < 1.5) return [[0, stop]];
  let best = 1;
  let least = Infinity;
  for (let split = 1; split < stop; split++) {
    const above = heightOf(sumOf(ratios, 0, split), split, width, gap);
    const below = heightOf(sumOf(ratios, split, stop), stop - split, width, gap);
    const unlike = Math.abs(Math.log(above / target)) + Math.abs(Math.log(below / target));
    if (unlike < least) [best, least] = [split, unlike];
  }
  return [[best, stop], [0, best]];
}

function heightOf(sum, count, width, gap) {
  return (width - gap * (count - 1)) / sum;
}

function sumOf(ratios, start, end) {
  let sum = 0;
  for (let index = start; index < end; index++) sum += ratios[index];
  return sum;
}

/** The index of the first row whose bottom is below `y`; the number of rows if there is none. */
export function rowAt(rows, y) {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle].top + rows[middle].height < y) low = middle + 1;
    else high = middle;
  }
  return low;
}
