// The live page: figures as often as chosen, fetches and appends as they happen. The
// server formats every text; this module puts it where it belongs.
import { block, t } from '../page.js';
import { onKey } from '../keys.js';
import { Socket } from '../socket.js';
import { append, draw } from './trend.js';

const state = block('live');
const lang = document.documentElement.lang.split('-')[0]; // reasons come in every language
const mostHeld = 5000; // messages that a pause keeps

const control = document.getElementById('live-control');
const pauseButton = control.querySelector('[data-action="pause"]');
const stateText = document.getElementById('live-state');
const loss = document.getElementById('live-loss');

const socket = new Socket({ live: state.seq }, state.server);

// Figures

const figures = new Map();
for (const row of document.querySelectorAll('tr[data-figure]')) figures.set(row.dataset.figure, row);

function showProvenance(badge, name, reasons) {
  const reason = reasons?.[lang];
  badge.className = `prov prov-${name}`;
  badge.title = t(`provenance.${name}.explain`) + (reason ? ` ${reason}` : '');
  badge.textContent = t(`provenance.${name}`);
  if (!reason) return;
  const hidden = document.createElement('span');
  hidden.className = 'visually-hidden';
  hidden.textContent = `: ${reason}`;
  badge.append(hidden);
}

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

const keyOf = (figure) => (figure.of ? `${figure.name} ${figure.of}` : figure.name);

/** Shows a figure, and returns its row. */
function showFigure(figure, previous) {
  const key = keyOf(figure);
  const history = (state.history[key] ??= []);
  append(history, figure.value);
  const row = figures.get(key) ?? newRow(figure, previous);
  if (!row) return previous;
  row.querySelector('[data-value]').textContent = figure.text;
  draw(row.querySelector('svg'), history);
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

function showSample(body) {
  if (figures.size === 0 && body.figures.length > 0) {
    location.reload(); // the page was made before the first sample
    return;
  }
  if (body.at <= state.sampled) return;
  state.sampled = body.at;
  forget(body.figures);
  let row;
  for (const figure of body.figures) row = showFigure(figure, row);
  const text = body.interval
    ? t('live.sampled.over', { Time: body.time, Interval: body.interval })
    : t('live.sampled.at', { Time: body.time });
  for (const element of document.querySelectorAll('[data-sampled]')) element.textContent = text;
  showHidden(body.hidden);
  showConnections(body);
}

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

// How often the host is sampled, for every page.

const rate = document.getElementById('live-rate');
let rateRequest = '';

function showRate(body) {
  state.hz = body.hz;
  rate.value = String(body.hz);
}

rate.addEventListener('change', () => {
  rateRequest = socket.send('live.rate', { hz: Number(rate.value) });
});

// Tables: the server puts an empty row into a template beside each.

function fill(template, values) {
  const row = document.getElementById(template).content.firstElementChild.cloneNode(true);
  for (const element of row.querySelectorAll('[data-field]')) {
    const value = values[element.dataset.field] ?? '';
    if (element.dataset.field === 'twin') continue;
    element.textContent = value;
  }
  return row;
}

/** Puts the rows into a table whose card is hidden while it has none. */
function replaceRows(id, template, list) {
  const rows = document.getElementById(id);
  if (!rows) return;
  rows.replaceChildren(...list.map((values) => fill(template, values)));
  rows.closest('.card').hidden = list.length === 0;
}

function fetchRow(fetch) {
  const row = fill('fetch-row', fetch);
  const twin = row.querySelector('[data-field="twin"]');
  twin.hidden = !fetch.twin;
  if (fetch.twin) twin.href = fetch.twin;
  twin.setAttribute('aria-label', t('live.fetch.twin.of', { Time: fetch.time, Path: fetch.path, Bytes: fetch.bytes }));
  const failed = row.querySelector('[data-field="error"]');
  failed.hidden = !fetch.error;
  failed.textContent = fetch.error ? t('live.fetch.failed', { Reason: fetch.error[lang] }) : '';
  const why = row.querySelector('[data-field="why"]');
  why.hidden = !fetch.why;
  why.textContent = fetch.why ? t('live.fetch.why', { Reason: fetch.why[lang] }) : '';
  row.classList.add('new');
  return row;
}

function showFetches(body) {
  const table = document.getElementById('fetches');
  if (!table) return;
  const rows = table.tBodies[0];
  const fresh = body.rows.filter((fetch) => fetch.number > state.fetch);
  if (fresh.length > 0) state.fetch = fresh.at(-1).number;
  rows.prepend(...fresh.map(fetchRow).reverse());
  while (rows.children.length > state.kept) rows.lastElementChild.remove();
  document.getElementById('fetches-box').hidden = rows.children.length === 0;
  document.getElementById('fetches-empty').hidden = rows.children.length > 0;
  replaceRows('totals', 'total-row', body.totals);
  showWindow('live-window', 'live.window', body.window);
}

/** Says of which second only some events are shown. */
function showWindow(id, key, window) {
  const notice = document.getElementById(id);
  notice.hidden = !window;
  if (window) notice.textContent = t(key, { Time: window.time, Shown: window.shown, Served: window.served });
}

function appendRow(batch) {
  const row = fill('append-row', batch);
  const duplicate = row.querySelector('[data-field="duplicate"]');
  duplicate.hidden = !batch.duplicate;
  duplicate.textContent = batch.duplicate ? t('live.append.duplicate') : '';
  const refused = row.querySelector('[data-field="error"]');
  refused.hidden = !batch.error;
  refused.textContent = batch.error ? t('live.append.refused', { Reason: batch.error[lang] }) : '';
  return row;
}

function showAppends(body) {
  const rows = document.getElementById('appends');
  if (!rows) return;
  rows.replaceChildren(...body.rows.map(appendRow));
  document.getElementById('appends-box').hidden = body.rows.length === 0;
  document.getElementById('appends-empty').hidden = body.rows.length > 0;
  replaceRows('append-totals', 'append-total-row', body.totals);
  showWindow('append-window', 'live.appends.window', body.window);
}

function showTopics(body) {
  replaceRows('topics', 'topic-row', body.topics);
}

// Pause: messages are held, and the page says how far behind it is.

let pausedAt = 0;
let held = [];
let dropped = 0;
let clock = 0;

function tell(text) {
  loss.textContent = text;
  loss.hidden = text === '';
}

function showPause() {
  const paused = pausedAt > 0;
  control.toggleAttribute('data-paused', paused);
  pauseButton.setAttribute('aria-pressed', String(paused));
  pauseButton.textContent = t(paused ? 'live.resume' : 'live.pause');
  stateText.textContent = paused
    ? t('live.paused', { Seconds: Math.round((Date.now() - pausedAt) / 1000), Count: held.length })
    : t('live.running');
}

function togglePause() {
  if (pausedAt > 0) {
    pausedAt = 0;
    clearInterval(clock);
    if (dropped > 0) tell(t('live.overrun', { Count: dropped }));
    dropped = 0;
    for (const apply of held.splice(0)) apply();
  } else {
    pausedAt = Date.now();
    clock = setInterval(showPause, 1000);
  }
  showPause();
}

/** A handler whose messages wait while the page is paused. */
function pausable(show) {
  return (body) => {
    if (pausedAt === 0) {
      show(body);
      return;
    }
    held.push(() => show(body));
    if (held.length > mostHeld) {
      held.shift();
      dropped += 1;
    }
    showPause();
  };
}

socket
  .on('live.sample', pausable(showSample))
  .on('live.fetches', pausable(showFetches))
  .on('live.appends', pausable(showAppends))
  .on('live.topics', pausable(showTopics))
  .on('live.rate', showRate)
  .on('error', (body, message) => {
    if (message.id !== rateRequest) return;
    showRate(state);
    tell(`${body.message}; ${body.remedy}`);
  })
  .on('behind', (body) => tell(t('page.behind', { Count: body.lost })))
  .on('welcome', (body) => {
    if (body.server === state.server) return;
    // Another run of the server: its fetches and totals begin anew.
    state.server = body.server;
    state.fetch = 0;
    state.sampled = 0;
    document.getElementById('fetches')?.tBodies[0].replaceChildren();
    replaceRows('totals', 'total-row', []);
    showAppends({ rows: [], totals: [], window: null });
  });

control.hidden = false;
pauseButton.addEventListener('click', togglePause);
onKey('pause', togglePause);
