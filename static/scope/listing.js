// Draws the transfer program inside the user band, with the line that runs.
import { svg } from './svg.js';

// fillListing fits the longest line into the box: a character of the
// monospaced font is 0.6 of its size wide.
export function fillListing(group, box, lines, current) {
  const longest = Math.max(24, ...lines.map((line) => line.text.length));
  const font = Math.min(12.5, (box.w - 26) / (longest * 0.602));
  const step = Math.min(24, (box.h - 8) / Math.max(1, lines.length));
  const top = box.y + (box.h - step * lines.length) / 2;
  group.replaceChildren(
    svg('rect', { class: 'box', x: box.x, y: box.y, width: box.w, height: box.h, rx: 7 }),
    ...lines.map((line, i) => {
      const now = line.label === current;
      const y = top + step * i;
      return svg('g', { class: now ? 'line current' : 'line', 'data-line': line.label },
        now ? svg('rect', { class: 'marker', x: box.x + 4, y: y + 1, width: box.w - 8, height: step - 2, rx: 4 }) : null,
        svg('text', { class: 'code', x: box.x + 12, y: y + step / 2 + font * 0.35 }, line.text));
    }));
  group.style.setProperty('--code', `${font.toFixed(2)}px`);
}
