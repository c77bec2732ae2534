// Draws a page of the file, or a run of pages, as one square. Its state is told
// by shape and pattern before colour:
//   absent     dotted outline            asked    dotted outline, a dot inside
//   inserted   outline, a bar inside     filling  dashed outline, half full
//   clean      full                      lent     full, a tag on it
//   dirty      full, a dark corner       writeback  dashed, a dark corner
//   evicted    outline, crossed out
// What the step touches has a second outline.
import { svg } from './svg.js';

export const pageStates = ['absent', 'asked', 'inserted', 'filling', 'clean', 'lent', 'dirty', 'writeback', 'evicted'];

// pageCell draws a square of the given side; part is how much of it is there,
// from 0 to 1, and now the kind of the event that touches it, or null.
export function pageCell(x, y, side, state, { part = 1, now = null, page = null } = {}) {
  const group = svg('g', { class: `page ${state}`, 'data-state': state, 'data-page': page, 'data-now': now });
  group.append(svg('rect', { class: 'frame', x, y, width: side, height: side }));
  const level = state === 'filling' ? Math.max(part, 0.5) : part;
  if (['filling', 'clean', 'lent', 'dirty', 'writeback'].includes(state) && level > 0) {
    group.append(svg('rect', { class: 'fill', x: x + 1, y: y + 1 + (side - 2) * (1 - level), width: side - 2, height: (side - 2) * level }));
  }
  const mark = marks[state]?.(x, y, side);
  if (mark) group.append(mark);
  if (now) group.append(svg('rect', { class: `ring ${now}`, x: x - 2, y: y - 2, width: side + 4, height: side + 4, rx: 2.5 }));
  return group;
}

const marks = {
  asked: (x, y, s) => svg('circle', { class: 'mark', cx: x + s / 2, cy: y + s / 2, r: s / 6 }),
  inserted: (x, y, s) => svg('path', { class: 'mark line', d: `M${x + s * 0.2} ${y + s / 2}h${s * 0.6}` }),
  lent: (x, y, s) => svg('path', { class: 'mark tag', d: tag(x + s * 0.2, y + s * 0.25, s * 0.6, s * 0.5) }),
  dirty: (x, y, s) => svg('path', { class: 'mark corner', d: `M${x + s} ${y}v${s}h${-s}z` }),
  writeback: (x, y, s) => svg('path', { class: 'mark corner', d: `M${x + s} ${y}v${s}h${-s}z` }),
  evicted: (x, y, s) => svg('path', { class: 'mark line', d: `M${x} ${y}l${s} ${s}m0 ${-s}l${-s} ${s}` }),
};

// tag is the outline of a reference.
export function tag(x, y, width, height) {
  return `M${x} ${y}h${width * 0.62}l${width * 0.38} ${height / 2}l${-width * 0.38} ${height / 2}h${-width * 0.62}z`;
}
