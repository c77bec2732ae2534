// The live page: figures as often as chosen, fetches and appends as they happen,
// a load that can be put on the broker. The server formats the texts of the rows.
import { block, t } from '../page.js';
import { onKey } from '../keys.js';
import { Socket } from '../socket.js';
import { Charts } from './charts.js';
import * as figures from './figures.js';
import { Load } from './load.js';
import { Store } from './store.js';
import { forgetServed, showAppends, showFetches, showTopics } from './traffic.js';

const state = block('live');
const control = document.getElementById('live-control');
const pauseButton = control.querySelector('[data-action="pause"]');
const stateText = document.getElementById('live-state');
const loss = document.getElementById('live-loss');

export const store = new Store((state.charts ?? []).flatMap((chart) => chart.figures));
const charts = new Charts(store);
const socket = new Socket({ live: state.seq }, state.server);
const load = new Load(socket, state.topics ?? []);

function tell(text) {
  loss.textContent = text;
  loss.hidden = text === '';
}

// Samples go into the store at once, also while the page is paused.

function takeSample(body) {
  if (figures.none() && body.figures.length > 0) {
    location.reload(); // the page was made before the first sample
    return;
  }
  if (body.at <= state.sampled) return;
  state.sampled = body.at;
  const byName = new Map(body.figures.filter((f) => !f.of).map((f) => [f.name, f.value]));
  store.push(body.at, (name) => byName.get(name));
  figures.keep(body);
}

function showSample(body) {
  figures.show(body);
  charts.redraw();
}

/** Fetches what the server has kept of the charts. */
async function recall() {
  if (!state.charts?.length) return;
  try {
    const answer = await fetch('/live/history.json');
    if (!answer.ok) throw new Error(answer.statusText);
    store.load(await answer.json());
    charts.redraw(true);
  } catch (error) {
    tell(t('live.history.failed', { Reason: error.message }));
  }
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

// Pause: what is shown stays, and the page says how far behind it is. The newest
// message of each kind is held, with the fetches that a page would still show.

let pausedAt = 0;
let behind = 0;
let clock = 0;
const held = new Map();

function showPause() {
  const paused = pausedAt > 0;
  control.toggleAttribute('data-paused', paused);
  pauseButton.setAttribute('aria-pressed', String(paused));
  pauseButton.textContent = t(paused ? 'live.resume' : 'live.pause');
  stateText.textContent = paused
    ? t('live.paused', { Seconds: Math.round((Date.now() - pausedAt) / 1000), Count: behind })
    : t('live.running');
}

function togglePause() {
  if (pausedAt > 0) {
    pausedAt = 0;
    behind = 0;
    clearInterval(clock);
    for (const [show, body] of held) show(body);
    held.clear();
    charts.freeze(false);
  } else {
    pausedAt = Date.now();
    clock = setInterval(showPause, 1000);
    charts.freeze(true);
  }
  showPause();
}

/** A handler whose newest message waits while the page is paused. */
function pausable(show, merged = (_, body) => body) {
  return (body) => {
    if (pausedAt === 0) {
      show(body);
      return;
    }
    held.set(show, held.has(show) ? merged(held.get(show), body) : body);
    behind += 1;
    showPause();
  };
}

const mergedFetches = (before, body) => ({ ...body, rows: [...before.rows, ...body.rows].slice(-state.kept) });

// CSV

function download() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([charts.csv()], { type: 'text/csv;charset=utf-8' }));
  link.download = `copyscope-live-${new Date().toISOString().replaceAll(':', '-').slice(0, 19)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

const shownSample = pausable(showSample);
socket
  .on('live.sample', (body) => {
    takeSample(body);
    shownSample(body);
  })
  .on('live.fetches', pausable(showFetches, mergedFetches))
  .on('live.appends', pausable(showAppends))
  .on('live.topics', pausable(showTopics))
  .on('live.topics', (body) => load.topics(body.topics))
  .on('live.load', (body) => load.show(body))
  .on('live.mark', (body) => {
    store.mark(body);
    charts.redraw();
  })
  .on('live.rate', showRate)
  .on('error', (body, message) => {
    if (load.failed(body, message)) return;
    if (message.id !== rateRequest) return;
    showRate(state);
    tell(`${body.message}; ${body.remedy}`);
  })
  .on('behind', (body) => {
    tell(t('page.behind', { Count: body.lost }));
    recall();
  })
  .on('welcome', (body) => {
    if (body.server === state.server) return;
    // Another run of the server: its fetches and totals begin anew.
    state.server = body.server;
    state.sampled = 0;
    forgetServed();
  });

control.hidden = false;
pauseButton.addEventListener('click', togglePause);
control.querySelector('[data-action="csv"]').addEventListener('click', download);
onKey('pause', togglePause);
recall();
