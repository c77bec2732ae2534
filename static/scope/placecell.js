// Draws what is in a place of the machine, in one or two rows of small shapes:
// squares for pages and bytes, tags for references, diamonds for requests.
import { itemsAt, squaresAt, stageOf } from './contents.js';
import { pageCell, tag } from './pagecell.js';
import { svg } from './svg.js';

const pitch = 17;
const side = 12;
const file = 16; // squares that stand for the file in the page cache

// fileSquares draws the page cache: 16 squares in two rows stand for the file.
export function fileSquares(lane, step, box, touched) {
  const own = box.w > 160 ? { side: 13, pitch: 21 } : { side: 11, pitch: 14.5 };
  return squaresAt(lane, step).map(({ first, n, state, have }, i) => {
    const now = touched?.pages && first < touched.pages[0] + touched.pages[1] && touched.pages[0] < first + n ? touched.kind : null;
    return pageCell(box.x + 10 + (i % 8) * own.pitch, box.y + 24 + Math.floor(i / 8) * (own.side + 3), own.side, state, { part: have / n, now });
  });
}

// cells draws what a place holds: squares for bytes of its own, a tag for each
// reference as far as they fit, outlines up to room, the most that the place held
// during the run. Where it has both, the squares come first, in at most half of it.
export function cells(box, most, { own, lent, refs, room }, name) {
  const fit = Math.min(most, Math.floor((box.w - 14 - (box.aside ?? 0)) / pitch));
  const y = box.h > 50 ? box.y + 26 : box.y + 24;
  if (lent > 0) {
    const squares = own > 0 ? Math.max(1, Math.min(Math.floor(fit / 2), Math.ceil(own / 4096))) : 0;
    return [
      ...Array.from({ length: squares }, (_, i) => svg('rect', { class: `cell bytes ${name}`, x: box.x + 10 + i * pitch, y, width: side, height: side })),
      ...Array.from({ length: Math.min(fit - squares, refs) }, (_, i) => svg('path', { class: 'cell reference', d: tag(box.x + 10 + (squares + i) * pitch, y, side, side) })),
    ];
  }
  const many = Math.max(1, Math.min(file, Math.ceil(room / 4096)));
  const filled = room > 0 ? Math.ceil((own / room) * many) : 0;
  const square = squares(box, many, fit, y);
  return Array.from({ length: many }, (_, i) => svg('rect', { class: `cell ${i < filled ? `bytes ${name}` : 'empty'}`, ...square(i) }));
}

// squares tells where each of so many squares is. What does not fit one row of full
// size is drawn smaller, in a row or two: the same bytes are as many squares in each
// place, so that none seem to get lost on the way.
function squares(box, many, fit, y) {
  if (many <= fit) return (i) => ({ x: box.x + 10 + i * pitch, y, width: side, height: side });
  const space = box.w - 18 - (box.aside ?? 0);
  const row = space / many >= 9 ? many : Math.ceil(many / 2);
  const step = Math.min(pitch, space / row);
  const size = Math.min(row === many ? side : 6, step - 2);
  return (i) => ({ x: box.x + 10 + (i % row) * step, y: y + Math.floor(i / row) * (size + 2) - (row === many ? 0 : 4), width: size, height: size });
}

// queue draws the entries of a device's queue: the card's ring, and beside the disk's
// name, above the bytes that are on it, the requests to it.
export function queue(lane, place, step, box, most) {
  const entries = itemsAt(lane, place, step);
  const room = box.w - (place === 'disk' ? 52 : 14);
  const fit = Math.min(most, Math.floor(room / pitch));
  const shown = Math.min(fit, entries.length);
  const [x, y] = place === 'disk' ? [box.x + box.w - 6 - shown * pitch, box.y + 7] : [box.x + 10, box.y + 26];
  const drawn = entries.slice(0, entries.length > fit ? fit - 1 : fit)
    .map((entry, i) => entryCell(x + i * pitch, y, side, entry, stageOf(entry, step), place));
  if (entries.length > fit) drawn.push(svg('text', { x: x + (fit - 1) * pitch, y: y + side }, '…'));
  return drawn;
}

// entryCell draws one entry: a request is a diamond, what lies in one piece of
// memory a square, what is gathered from pages a tag. Waiting it is hollow, while
// the device works on it half full, and it is ticked off when that is done.
export function entryCell(x, y, s, { linear }, stage, place) {
  const outline = place === 'disk' ? `M${x} ${y + s / 2}l${s / 2} ${-s / 2}l${s / 2} ${s / 2}l${-s / 2} ${s / 2}z`
    : linear ? `M${x} ${y}h${s}v${s}h${-s}z` : tag(x, y, s, s);
  return svg('g', { class: `entry ${stage}` },
    svg('path', { class: 'frame', d: outline }),
    stage === 'begun' ? svg('path', { class: 'half', d: place === 'disk' ? `M${x} ${y + s / 2}l${s / 2} ${-s / 2}v${s}z` : `M${x} ${y}h${s / 2}v${s}h${-s / 2}z` }) : null,
    stage === 'ended' ? svg('path', { class: 'tick', d: `M${x + s * 0.2} ${y + s * 0.5}l${s * 0.22} ${s * 0.25}l${s * 0.38} ${-s * 0.5}` }) : null);
}

// gauge is how much of the most that it held a place holds, along the foot of its box.
export function gauge(box, { own, lent, room }) {
  if (!(room > 0)) return [];
  const width = box.w - 12;
  return [
    svg('rect', { class: 'gauge', x: box.x + 6, y: box.y + box.h - 5, width, height: 3 }),
    svg('rect', { class: `gauge full ${lent > 0 ? 'lent' : ''}`, x: box.x + 6, y: box.y + box.h - 5, width: width * Math.min(1, (own + lent) / room), height: 3 }),
  ];
}
