// The rows of the host's figures, in folds, and those of the broker's connections.
// The server formats every text; a fold that is closed is not drawn.
import { block, t } from '../page.js';
import { fill } from './rows.js';
import { append, draw } from './trend.js';

const state = block('live');
const lang = document.documentElement.lang.split('-')[0]; // reasons come in every language

const figures = new Map();
for (const row of document.querySelectorAll('tr[data-figure]')) figures.set(row.dataset.figure, row);
const legends = new Map();
for (const entry of document.querySelectorAll('[data-series]')) legends.set(entry.dataset.series, entry.querySelector('.prov'));

let latest = null;

function showProvenance(badge, name, reasons) {
  const reason = reasons?.[lang];
  const title = t(`provenance.${name}.explain`) + (reason ? ` ${reason}` : '');
  if (badge.title === title) return;
  badge.className = `prov prov-${name}`;
  badge.title = title;
  badge.textContent = t(`provenance.${name}`);
  if (!reason) return;
  const hidden = document.createElement('span');
  hidden.className = 'visually-hidden';
  hidden.textContent = `: ${reason}`;
  badge.append(hidden);
}

const keyOf = (figure) => (figure.of ? `${figure.name} ${figure.of}` : figure.name);

/** A row for a device or processor that came, after the row before it. */
function newRow(figure, previous) {
  const group = document.querySelector(`[data-group="${figure.name.split('_')[0]}"]`);
  if (!group) return undefined;
  const row = document.getElementById('figure-row').content.firstElementChild.cloneNode(true);
  row.dataset.figure = keyOf(figure);
  row.querySelector('th').textContent = t(`live.figure.${figure.name}`, { Of: figure.of ?? '' });
  if (previous?.parentElement === group) previous.after(row);
  else group.prepend(row);
  figures.set(keyOf(figure), row);
  return row;
}

/** Shows a figure, and returns its row. */
function showFigure(figure, previous) {
  const row = figures.get(keyOf(figure)) ?? newRow(figure, previous);
  if (!row) return previous;
  row.querySelector('[data-value]').textContent = figure.text;
  if (!row.closest('details')?.open) return row;
  draw(row.querySelector('svg'), state.history[keyOf(figure)] ?? []);
  showProvenance(row.querySelector('.prov'), figure.provenance, figure.reason);
  return row;
}

/** Forgets the devices and processors that went. */
function forget(shown) {
  const there = new Set(shown.map(keyOf));
  for (const [key, row] of figures) {
    if (there.has(key)) continue;
    row.remove();
    figures.delete(key);
    delete state.history[key];
  }
}

function showHidden(hidden = {}) {
  for (const element of document.querySelectorAll('[data-hidden]')) {
    const count = hidden[element.dataset.hidden] ?? 0;
    element.hidden = count === 0;
    element.textContent = t('live.hidden', { Count: count });
  }
}

/** Takes a sample into the trends, which go on while the page is paused. */
export function keep(body) {
  for (const figure of body.figures) append((state.history[keyOf(figure)] ??= []), figure.value);
}

/** Shows a sample. */
export function show(body) {
  latest = body;
  forget(body.figures);
  let row;
  for (const figure of body.figures) {
    row = showFigure(figure, row);
    const badge = legends.get(keyOf(figure));
    if (badge) showProvenance(badge, figure.provenance, figure.reason);
  }
  const text = body.interval
    ? t('live.sampled.over', { Time: body.time, Interval: body.interval })
    : t('live.sampled.at', { Time: body.time });
  for (const element of document.querySelectorAll('[data-sampled]')) element.textContent = text;
  showHidden(body.hidden);
  showConnections(body);
}

for (const fold of document.querySelectorAll('.live-figures details')) {
  fold.addEventListener('toggle', () => {
    if (latest && fold.open) show(latest);
  });
}

/** Says whether the page was made before there were figures. */
export const none = () => figures.size === 0;

function connectionRow(connection) {
  const row = fill('connection-row', connection);
  for (const figure of connection.figures) {
    const cell = row.querySelector(`[data-field="${figure.name}"]`);
    cell.textContent = figure.text;
    cell.title = figure.reason?.[lang] ?? '';
  }
  return row;
}

function showConnections(body) {
  const more = document.getElementById('connections-more');
  if (!more) return;
  const rows = document.getElementById('connections');
  rows.replaceChildren(...body.connections.map(connectionRow));
  rows.closest('.card').hidden = body.connections.length === 0;
  more.hidden = body.unfollowed === 0;
  more.textContent = t('live.connections.more', { Count: body.unfollowed });
}
