// Draws the transfer program inside the user band, with the line that runs.
import { svg } from './svg.js';

const advance = 0.602; // of a character of the monospaced font, in its size

// fillListing fits the longest line into the box. With a font the words are that
// large: long lines are broken, and of what does not fit the part around the line
// that runs is shown.
export function fillListing(group, box, lines, current, given) {
  const longest = Math.max(24, ...lines.map((line) => line.text.length));
  const font = given ?? Math.min(12.5, (box.w - 26) / (longest * advance));
  const rows = given ? around(lines.flatMap((line) => broken(line, Math.floor((box.w - 20) / (font * advance)))), current, Math.floor((box.h - 8) / (font + 2))) : lines;
  const step = Math.min(24, (box.h - 8) / Math.max(1, rows.length));
  const top = box.y + (box.h - step * rows.length) / 2;
  group.replaceChildren(
    svg('rect', { class: 'box', x: box.x, y: box.y, width: box.w, height: box.h, rx: 7 }),
    ...rows.map((line, i) => {
      const now = line.label === current;
      const y = top + step * i;
      return svg('g', { class: now ? 'line current' : 'line', 'data-line': line.label },
        now ? svg('rect', { class: 'marker', x: box.x + 4, y: y + 1, width: box.w - 8, height: step - 2, rx: 4 }) : null,
        svg('text', { class: 'code', x: box.x + 12, y: y + step / 2 + font * 0.35 }, line.text));
    }));
  group.style.setProperty('--code', `${font.toFixed(2)}px`);
}

// broken are the rows of a line of code, broken after spaces.
function broken({ label, text }, most) {
  const rows = [''];
  for (const part of text.match(/\S+\s*|\s+/g) ?? []) {
    if ((rows[rows.length - 1] + part.trimEnd()).length <= most) rows[rows.length - 1] += part;
    else rows.push(`  ${part}`);
  }
  return rows.map((row) => ({ label, text: row }));
}

// around are as many rows as fit, with those of the current line among them.
function around(rows, current, most) {
  const at = Math.max(0, rows.findIndex((row) => row.label === current));
  const first = Math.max(0, Math.min(at - 1, rows.length - most));
  return rows.slice(first, first + most);
}
