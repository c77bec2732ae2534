// Brings what was drawn over the wide drawing onto the narrow one, whose places are
// elsewhere: what is around a place, on it, or leads from one to another does so there
// too.
import { layouts } from '../scope/geometry.js';

const boxesOf = ({ places, engines, listing }) => ({ ...places, ...engines, listing });
const narrow = boxesOf(layouts.narrow);
const boxes = Object.entries(boxesOf(layouts.wide)).map(([name, from]) => ({ from, to: narrow[name] }));
const near = 6; // SVG user units: within them a place alone decides
const closed = 0.3; // of a stroke's size: its ends are that close in a ring

const away = ({ x, y, w, h }, [px, py]) => Math.hypot(Math.max(x - px, 0, px - x - w), Math.max(y - py, 0, py - y - h));

// meant are the boxes that a stroke is about: of a ring those that are in it, else
// those that are nearest to its ends, whatever it passes on its way.
function meant(points) {
  const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
  const [left, top, right, bottom] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const [first, last] = [points[0], points[points.length - 1]];
  if (Math.hypot(first[0] - last[0], first[1] - last[1]) < closed * Math.hypot(right - left, bottom - top)) {
    const found = boxes.filter(({ from: { x, y, w, h } }) => x + w / 2 > left && x + w / 2 < right && y + h / 2 > top && y + h / 2 < bottom);
    if (found.length > 0) return found;
  }
  return [first, last].map((end) => boxes.reduce((best, box) => (away(box.from, end) < away(best.from, end) ? box : best)));
}

/** The points of a stroke in the narrow drawing for those in the wide one, in parts of
    the width and height: each box that is meant takes a point along as it is moved
    and scaled, the nearer the more. */
export function warp(stroke) {
  const points = stroke.map(([x, y]) => [x * layouts.wide.width, y * layouts.wide.height]);
  const about = meant(points);
  const inside = (part) => Math.max(0, Math.min(1, part));
  return points.map((point) => {
    let [sum, x, y] = [0, 0, 0];
    for (const { from, to } of about) {
      const weight = 1 / (near + away(from, point)) ** 2;
      sum += weight;
      x += weight * (to.x + ((point[0] - from.x) * to.w) / from.w);
      y += weight * (to.y + ((point[1] - from.y) * to.h) / from.h);
    }
    return [inside(x / sum / layouts.narrow.width), inside(y / sum / layouts.narrow.height)];
  });
}
