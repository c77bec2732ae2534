// The tables of what the broker serves and appends, as it happens.
import { block, t } from '../page.js';
import { fill, replaceRows } from './rows.js';

const state = block('live');
const lang = document.documentElement.lang.split('-')[0];

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
  return row;
}

/** How long, in ms, no fetch came before one whose row is marked as new. */
const CALM = 2000;
let lastArrival = -Infinity;

export function showFetches(body) {
  const table = document.getElementById('fetches');
  if (!table) return;
  const rows = table.tBodies[0];
  const fresh = body.rows.filter((fetch) => fetch.number > state.fetch);
  if (fresh.length > 0) state.fetch = fresh.at(-1).number;
  const arrived = fresh.map(fetchRow).reverse();
  if (arrived.length > 0) {
    // A colour that fades tells new rows from old ones. Under load all are new: it would
    // tell nothing, and a table that never stops fading takes a third of a processor.
    if (performance.now() - lastArrival > CALM) arrived.forEach((row) => row.classList.add('new'));
    lastArrival = performance.now();
  }
  rows.prepend(...arrived);
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

export function showAppends(body) {
  const rows = document.getElementById('appends');
  if (!rows) return;
  rows.replaceChildren(...body.rows.map(appendRow));
  document.getElementById('appends-box').hidden = body.rows.length === 0;
  document.getElementById('appends-empty').hidden = body.rows.length > 0;
  replaceRows('append-totals', 'append-total-row', body.totals);
  showWindow('append-window', 'live.appends.window', body.window);
}

export function showTopics(body) {
  replaceRows('topics', 'topic-row', body.topics);
}

/** Forgets what another run of the server served. */
export function forgetServed() {
  state.fetch = 0;
  document.getElementById('fetches')?.tBodies[0].replaceChildren();
  replaceRows('totals', 'total-row', []);
  showAppends({ rows: [], totals: [], window: null });
}
