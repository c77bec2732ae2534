// The page cache from inside: the pages of the file, and one page's history.
import { itemsAt, spansAt, spansOf } from './contents.js';
import { count, size } from './format.js';
import { cut, field, placeName, shownPages, stepButton, tableRows } from './insideparts.js';
import { pageCell, pageStates } from './pagecell.js';
import { html, svg } from './svg.js';
import { narrowScreen } from './screen.js';
import { word } from './words.js';

// drawPages draws a window of the file's pages, with what each is, and the
// shapes that tell it.
export function drawPages(lane, step, from) {
  const { n } = lane.head.pages;
  const to = Math.min(n, from + shownPages);
  const touched = lane.event(step)?.pages;
  const kind = lane.event(step)?.kind;
  const columns = narrowScreen.matches ? 16 : 32;
  const [side, pitch] = [18, 23];
  const states = new Array(to - from).fill('absent');
  for (const span of spansAt(lane, step)) {
    for (let page = Math.max(from, span.first); page < Math.min(to, span.first + span.n); page += 1) states[page - from] = span.state;
  }
  const rows = Math.ceil((to - from) / columns);
  const drawing = svg('svg', { class: 'machine pages', viewBox: `0 0 ${columns * pitch + 8} ${rows * pitch + 8}`, 'aria-hidden': 'true' },
    ...states.map((state, i) => {
      const page = from + i;
      const now = touched && page >= touched[0] && page < touched[0] + touched[1] ? kind : null;
      const cell = pageCell(5 + (i % columns) * pitch, 5 + Math.floor(i / columns) * pitch, side, state, { now, page });
      cell.append(svg('title', {}, `${word('drawing.page', { Page: count(page) })}: ${word(`drawing.state.${state}`)}`));
      cell.dataset.inside = 'page';
      cell.dataset.value = page;
      return cell;
    }));
  if (to - from <= columns) {
    drawing.classList.add('few');
    drawing.style.width = `${(columns * pitch + 8) * 1.1}px`;
  }
  return [
    html('p', { class: 'small dim' }, word('drawing.about.page-cache', { From: count(from), To: count(to - 1), Total: count(n), Size: size(lane.head.pages.page_bytes) })),
    n > shownPages ? html('p', { class: 'windows' },
      html('button', { type: 'button', 'data-inside': 'window', 'data-value': Math.max(0, from - shownPages), 'data-key': 'before', disabled: from === 0 }, word('drawing.pages.before')),
      html('button', { type: 'button', 'data-inside': 'window', 'data-value': from + shownPages, 'data-key': 'after', disabled: to === n }, word('drawing.pages.after'))) : null,
    drawing, legend(),
  ];
}

function legend() {
  return html('ul', { class: 'states', 'aria-label': word('drawing.legend') }, ...pageStates.map((state) => html('li', {},
    svg('svg', { class: 'machine', viewBox: '0 0 22 22', width: 22, height: 22, 'aria-hidden': 'true' }, pageCell(3, 3, 16, state)),
    word(`drawing.state.${state}`))));
}

// pageTable is the drawing's twin: runs of pages in one state.
export function pageTable(lane, step) {
  const { pages } = lane.head;
  const spans = spansAt(lane, step);
  if (spans.length === 0) return html('p', { class: 'empty' }, word('drawing.pages.empty'));
  return html('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': word('drawing.table') },
    html('table', { class: 'items' },
      html('thead', {}, html('tr', {}, ...['pages', 'offset', 'state', 'refs', 'since'].map((name) => html('th', { scope: 'col' }, word(`drawing.column.${name}`))))),
      html('tbody', {}, ...spans.slice(0, tableRows).map((span) => html('tr', {},
        html('td', {}, html('button', { type: 'button', class: 'step', 'data-inside': 'page', 'data-value': span.first, 'data-key': `page-${span.first}` },
          span.n > 1 ? `${count(span.first)}–${count(span.first + span.n - 1)}` : count(span.first))),
        html('td', { class: 'num' }, count(span.first * pages.page_bytes)),
        html('td', {}, word(`drawing.state.${span.state}`)),
        html('td', { class: 'num' }, count(span.refs ?? 0)),
        html('td', {}, stepButton(lane, span.by, 'since')))))),
    cut(spans.length));
}

// pageView is one page: what it is now, who refers to it, and its history.
export function pageView(lane, step, page) {
  const { pages } = lane.head;
  const history = spansOf(lane, page).filter(({ from }) => from <= step); // what is to come is not told
  const now = history.find(({ until }) => !until || step < until);
  const state = now?.state ?? 'absent';
  const holders = ['pipe', 'socket-buffer'].filter((place) => itemsAt(lane, place, step)
    .some((item) => item.pages && item.pages[0] <= page && page < item.pages[0] + item.pages[1]));
  const touch = lane.event(step);
  const touches = touch?.pages && touch.pages[0] <= page && page < touch.pages[0] + touch.pages[1];
  const go = (value, text, key) => html('button', { type: 'button', 'data-inside': 'page', 'data-value': value, 'data-key': key, disabled: value < 0 || value >= pages.n }, text);
  return {
    title: word('drawing.page', { Page: count(page) }),
    parts: [
      html('p', { class: 'windows' }, go(page - 1, word('drawing.page.before'), 'before'), go(page + 1, word('drawing.page.after'), 'after')),
      html('div', { class: 'one' },
        svg('svg', { class: 'machine', viewBox: '0 0 84 84', width: 84, height: 84, 'aria-hidden': 'true' }, pageCell(6, 6, 72, state, { now: touches ? touch.kind : null })),
        html('dl', {},
          ...field('state', word(`drawing.state.${state}`)),
          ...field('offset', word('drawing.range', { From: count(page * pages.page_bytes), To: count((page + 1) * pages.page_bytes - 1) })),
          ...field('refs', holders.length > 0 ? word('drawing.refs.from', { Count: now?.refs ?? 0, Places: holders.map(placeName).join(', ') }) : count(now?.refs ?? 0)),
          ...field('now', touches ? touch.say : word('drawing.untouched')))),
      historyOf(lane, step, history),
    ],
  };
}

function historyOf(lane, step, history) {
  if (history.length === 0) return html('p', { class: 'empty' }, word('drawing.history.none'));
  return html('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': word('drawing.history') },
    html('table', { class: 'items' },
      html('thead', {}, html('tr', {}, ...['since', 'state', 'refs', 'event'].map((name) => html('th', { scope: 'col' }, word(`drawing.column.${name}`))))),
      html('tbody', {}, ...history.slice(0, tableRows).map((span) => html('tr', { 'aria-current': !span.until || step < span.until ? 'true' : null },
        html('td', {}, stepButton(lane, span.from, 'at')),
        html('td', {}, word(`drawing.state.${span.state}`)),
        html('td', { class: 'num' }, count(span.refs ?? 0)),
        html('td', { class: 'say' }, span.by ? lane.event(span.by)?.say ?? '' : word('drawing.start')))))),
    cut(history.length));
}
