// The inside of a queue or a buffer: its items in order, and one item's fields.
import { spansAt, stageOf } from './contents.js';
import { count, size } from './format.js';
import { cut, field, placeName, stepButton, tableRows } from './insideparts.js';
import { tag } from './pagecell.js';
import { entryCell } from './placecell.js';
import { html, svg } from './svg.js';
import { narrowScreen } from './screen.js';
import { word } from './words.js';

const drawnItems = 24;

const isQueue = (place) => place === 'nic-ring' || place === 'disk';

// drawItems draws items in order, the oldest left.
export function drawItems(lane, step, place, items) {
  const columns = narrowScreen.matches ? 3 : 7;
  const [w, h] = [132, 62];
  const shown = items.slice(0, drawnItems);
  const rows = Math.ceil(shown.length / columns);
  const width = Math.min(columns, shown.length) * w + 6;
  const drawing = svg('svg', { class: 'machine items few', viewBox: `0 0 ${width} ${rows * h + 4}`, 'aria-hidden': 'true' },
    ...shown.map((item, i) => {
      const x = 4 + (i % columns) * w;
      const y = 3 + Math.floor(i / columns) * h;
      return svg('g', { class: `item ${item.lent ? 'lent' : 'own'}`, 'data-inside': 'item', 'data-value': indexOf(lane, place, item) },
        svg('rect', { class: 'box', x, y, width: w - 10, height: h - 8, rx: 6 }),
        ...glyph(place, item, x + 8, y + 8, step),
        svg('text', { class: 'small', x: x + 8, y: y + h - 15 }, item.offset === undefined ? size(item.bytes) : `${count(item.offset)} +${size(item.bytes)}`));
    }));
  drawing.style.width = `${width * 1.15}px`;
  return items.length > drawnItems
    ? html('div', {}, drawing, html('p', { class: 'small dim' }, word('drawing.drawn', { Shown: count(drawnItems), Total: count(items.length) }))) : drawing;
}

function glyph(place, item, x, y, step) {
  if (isQueue(place)) return [entryCell(x, y, 20, item, stageOf(item, step), place)];
  const many = Math.min(5, item.lent ? item.units ?? 1 : Math.ceil(item.bytes / 16384));
  return Array.from({ length: many }, (_, i) => (item.lent
    ? svg('path', { class: 'cell reference', d: tag(x + i * 18, y + 2, 15, 15) })
    : svg('rect', { class: `cell bytes ${place}`, x: x + i * 18, y: y + 2, width: 14, height: 14 })));
}

const indexOf = (lane, place, item) => lane.head.inside[place].indexOf(item);

const untold = () => html('span', { class: 'dim' }, word('drawing.untold'));

const kindOf = (place, item, step) => {
  const stage = stageOf(item, step);
  const progress = `drawing.entry.${stage === 'ended' && !item.until ? 'over' : stage}`; // with no interrupt to come
  if (place === 'disk') return word(progress);
  if (place === 'nic-ring') return `${word(item.linear ? 'drawing.linear' : 'drawing.paged')} · ${word(progress)}`;
  return word(item.lent ? 'drawing.lent' : 'drawing.own');
};

// itemTable is the drawing's twin.
export function itemTable(lane, step, place, items) {
  const queue = isQueue(place);
  const columns = ['item', 'what', 'offset', 'bytes', unitsName(place), ...(place === 'nic-ring' ? ['seq'] : []), ...(queue ? [] : ['pages']), 'from', 'since'];
  return html('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': word('drawing.table') },
    html('table', { class: 'items' },
      html('thead', {}, html('tr', {}, ...columns.map((name) => html('th', { scope: 'col' }, word(`drawing.column.${name}`))))),
      html('tbody', {}, ...items.slice(0, tableRows).map((item, i) => html('tr', {},
        html('td', {}, html('button', { type: 'button', class: 'step', 'data-inside': 'item', 'data-value': indexOf(lane, place, item), 'data-key': `item-${indexOf(lane, place, item)}` }, count(i + 1))),
        html('td', {}, kindOf(place, item, step)),
        html('td', { class: 'num' }, item.offset === undefined ? untold() : count(item.offset)),
        html('td', { class: 'num' }, count(item.bytes)),
        html('td', { class: 'num' }, item.units ? count(item.units) : '–'),
        place === 'nic-ring' ? html('td', { class: 'num' }, item.seq === undefined ? untold() : count(item.seq)) : null,
        queue ? null : html('td', { class: 'num' }, pagesText(item)),
        html('td', {}, item.source ? placeName(item.source) : '–'),
        html('td', {}, stepButton(lane, item.by, 'since')))))),
    cut(items.length));
}

const unitsName = (place) => (isQueue(place) ? `units.${place}` : 'units');

function pagesText({ pages }) {
  if (!pages) return '–';
  return pages[1] > 1 ? `${count(pages[0])}–${count(pages[0] + pages[1] - 1)}` : count(pages[0]);
}

// itemView is one item: all that the run tells of it, and what it refers to.
export function itemView(lane, step, place, item) {
  const gone = item.until && item.until <= step;
  const title = word(place === 'nic-ring' ? 'drawing.descriptor' : place === 'disk' ? 'drawing.request' : item.lent ? 'drawing.reference' : 'drawing.piece');
  return {
    title,
    parts: [
      gone || item.from > step ? html('p', { class: 'loud' }, word(gone ? 'drawing.gone' : 'drawing.notyet')) : null,
      html('div', { class: 'one' },
        svg('svg', { class: 'machine items', viewBox: '0 0 110 44', width: 165, height: 66, 'aria-hidden': 'true' }, ...glyph(place, item, 8, 10, step)),
        html('dl', {},
          ...field('what', kindOf(place, item, step)),
          ...field('bytes', `${count(item.bytes)} (${size(item.bytes)})`),
          ...field('offset', item.offset === undefined ? untold() : count(item.offset)),
          ...(place === 'nic-ring' ? field('seq', item.seq === undefined ? untold() : count(item.seq)) : []),
          ...field(unitsName(place), item.units ? count(item.units) : untold()),
          ...field('from', item.source ? placeName(item.source) : untold()),
          ...field('since', stepButton(lane, item.by, 'since'), ' ', item.by ? lane.event(item.by)?.say ?? '' : ''),
          ...['begun', 'ended', 'until'].flatMap((name) => (item[name] && item[name] <= step ? field(name, stepButton(lane, item[name], name)) : [])))),
      item.pages ? fragments(lane, step, item) : html('p', { class: 'small dim' }, word(item.offset === undefined ? 'drawing.fragments.untold' : 'drawing.fragments.none')),
    ],
  };
}

// fragments are the pieces of pages that an item refers to: page, offset in it,
// length, as the kernel's list of fragments has them.
function fragments(lane, step, item) {
  const { page_bytes: whole } = lane.head.pages;
  const spans = spansAt(lane, step);
  const [from, n, start, last] = item.pages;
  const rows = Array.from({ length: Math.min(n, tableRows) }, (_, i) => {
    const page = from + i;
    const state = spans.find((span) => span.first <= page && page < span.first + span.n)?.state ?? 'absent';
    return html('tr', {},
      html('td', {}, html('button', { type: 'button', class: 'step', 'data-inside': 'page', 'data-value': page, 'data-key': `page-${page}` }, count(page))),
      html('td', { class: 'num' }, count(i === 0 ? start : 0)),
      html('td', { class: 'num' }, count(i === n - 1 ? last : i === 0 ? whole - start : whole)),
      html('td', {}, word(`drawing.state.${state}`)));
  });
  const one = item.units && item.units < n;
  return html('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': word('drawing.fragments') },
    html('h4', {}, word('drawing.fragments')),
    one ? html('p', { class: 'small dim' }, word('drawing.fragments.one', { Count: item.units })) : null,
    html('table', { class: 'items' },
      html('thead', {}, html('tr', {}, ...['page', 'inpage', 'length', 'state'].map((name) => html('th', { scope: 'col' }, word(`drawing.column.${name}`))))),
      html('tbody', {}, ...rows)),
    cut(n));
}
