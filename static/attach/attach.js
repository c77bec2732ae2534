// The attach page: starts and stops the one watch of this host, and shows how it
// stands, whoever started it.
import { block, t } from '../page.js';
import { onKey } from '../keys.js';
import { Socket } from '../socket.js';
import { activate } from './flame.js';
import { bind, say } from './rows.js';

const resume = block('attach');
let state = resume.state;
let heard = performance.now(); // when the state was true

const now = document.getElementById('attach-now');
const phase = document.getElementById('attach-phase');
const left = document.getElementById('attach-left');
const stop = document.getElementById('attach-stop');
const progress = document.getElementById('attach-progress');
const seen = document.getElementById('attach-seen');
const shared = document.getElementById('attach-shared');
const report = document.getElementById('attach-report');
const flame = document.getElementById('attach-flame');
const flamePlace = document.getElementById('flame-place');
const flameNone = document.getElementById('flame-none');
const profile = document.getElementById('attach-pprof');
const beside = document.getElementById('attach-beside');
const besideScope = document.getElementById('attach-scope-beside');
const lane = document.getElementById('attach-lane');
const scope = document.getElementById('attach-scope');
const kept = document.getElementById('attach-kept');
const problem = document.getElementById('attach-problem');
const form = document.getElementById('attach-form');
const watchButtons = [...document.querySelectorAll('[data-watch]')];

const socket = new Socket({ attach: resume.seq }, resume.server);

// The watch

function showPhase() {
  const watching = state.phase === 'watching';
  now.hidden = state.phase === 'idle';
  now.dataset.phase = state.phase;
  const text = t(`attach.phase.${state.phase}`, { Who: state.who, Reason: say(state.error) });
  if (phase.textContent.trim() !== text) phase.textContent = text;
  stop.hidden = !watching || watchButtons.length === 0; // who may not start may not stop
  progress.hidden = !watching;
  shared.hidden = !watching;
  seen.hidden = !watching;
  if (watching) bind(seen, state);
  progress.max = Math.max(1, state.for_ms);
  for (const button of watchButtons) button.disabled = watching;
  showTime();
}

/** Goes on between two messages; a watch without traffic sends few. */
function showTime() {
  if (state.phase !== 'watching') {
    left.textContent = '';
    return;
  }
  const elapsed = Math.min(state.for_ms, state.elapsed_ms + performance.now() - heard);
  progress.value = elapsed;
  left.textContent = t('attach.left', { Seconds: Math.ceil((state.for_ms - elapsed) / 1000) });
}

function showReport() {
  report.hidden = !state.report;
  if (state.report) bind(report.querySelector('[data-row]'), state.report);
}

function showBeside() {
  beside.hidden = !state.beside;
  if (state.beside) bind(beside.querySelector('[data-row]'), state.beside);
}

function showLane() {
  lane.hidden = !state.trace;
  if (!state.trace) return;
  scope.href = `/scope?${new URLSearchParams({ a: `import=${state.trace}` })}`;
  besideScope.hidden = !state.beside;
  if (state.beside) besideScope.href = `/scope?${new URLSearchParams({ a: `import=${state.trace}`, b: state.beside.lane })}`;
  kept.textContent = say(state.kept);
}

let flameOf = 0; // the watch whose graph is in the page

async function showFlame() {
  flame.hidden = state.phase !== 'done';
  if (state.phase !== 'done') {
    flamePlace.replaceChildren();
    flameOf = 0;
    return;
  }
  profile.hidden = !state.profile;
  flameNone.hidden = state.flame;
  flameNone.textContent = state.flame ? '' : t('attach.flame.none', { Reason: say(state.no_flame) });
  bind(flame.querySelector('[data-row]'), state);
  if (!state.flame || flameOf === state.watch) return;
  flameOf = state.watch;
  flamePlace.textContent = t('attach.flame.loading');
  const of = state.watch;
  try {
    const answer = await fetch('/attach/flame');
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (flameOf !== of) return; // another watch began meanwhile
    flamePlace.replaceChildren(...page.body.children);
    activate(flamePlace);
  } catch {
    flamePlace.textContent = t('attach.flame.failed');
  }
}

function show(next) {
  state = next;
  heard = performance.now();
  showPhase();
  showReport();
  showBeside();
  showLane();
  showFlame();
}

// Starting and stopping

function complain(text) {
  if (!problem) return;
  problem.textContent = text;
  problem.hidden = text === '';
}

function start(what) {
  complain('');
  socket.send('attach.start', { ...what, seconds: seconds(), follow: form.follow.checked, samples: form.samples.checked });
}

const seconds = () => (form.seconds.validity.valid ? form.seconds.valueAsNumber : 0);

function relabel() {
  const length = seconds();
  for (const button of watchButtons) {
    if (length > 0) button.textContent = t('attach.watch', { Seconds: length });
  }
}

if (form) {
  form.hidden = false;
  for (const button of watchButtons) button.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const number = form.number.valueAsNumber;
    start(form.by.value === 'port' ? { port: number } : { pids: [number] });
  });
  form.seconds.addEventListener('input', relabel);
  for (const button of watchButtons) {
    if (!button.dataset.pids) continue;
    button.addEventListener('click', () => {
      if (!form.seconds.reportValidity()) return;
      start({ pids: button.dataset.pids.split(',').map(Number) });
    });
  }
}

function end() {
  if (stop.hidden) return false;
  complain('');
  socket.send('attach.stop');
  return true;
}

stop.addEventListener('click', end);
onKey('attach-stop', end);

socket
  .on('attach.state', show)
  .on('attach.started', () => {
    now.hidden = false;
    now.scrollIntoView({ block: 'nearest' });
  })
  .on('error', (body) => complain(`${body.message}; ${body.remedy}`))
  .on('welcome', (body) => {
    if (body.server === resume.server) return;
    // Another run of the server knows nothing of the watch that is shown.
    resume.server = body.server;
    if (state.phase === 'watching') show({ ...state, phase: 'idle' });
  });

setInterval(showTime, 500);
if (form) relabel(); // a browser may have kept what was typed before a reload
flameOf = flamePlace.querySelector('.frame') ? state.watch : 0;
activate(flamePlace);
showPhase();
