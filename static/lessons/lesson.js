// A lesson, one part after the other: predict, watch, for real, what the kernel
// did, exercises, done. The address and the browser's storage keep where one is.
import { onKey } from '../keys.js';
import { block, t } from '../page.js';
import { html } from '../scope/svg.js';
import { Stage } from '../scope/stage.js';
import { Socket } from '../socket.js';
import { keep, of } from './progress.js';
import { fill, judge, replyOf, verdict, written } from './question.js';
import { Real } from './real.js';
import { Walk } from './walk.js';
import { Words } from './words.js';

const lesson = block('lesson');
const root = document.querySelector('article.lesson');
const sections = [...root.querySelectorAll('[data-section]')];
const names = sections.map((section) => section.dataset.section);
const predictions = [...root.querySelectorAll('[data-question^="predict-"]')];
const exercises = [...root.querySelectorAll('[data-question^="exercise-"]')];
const socket = new Socket();
const state = restored();
let stage = null;
let now = '';
let compared = false; // the prediction is held against the run
let shown = 0; // the latest prediction that was compared

// A stage is made when there is something to see: nothing plays before that.
function theStage() {
  stage ??= new Stage(root.querySelector('[data-stage]'), { socket });
  return stage;
}
const words = new Words(root);
const walk = new Walk(section('watch'), lesson.steps, theStage);

function section(name) { return sections[names.indexOf(name)]; }

function part(name, within = root) { return within.querySelector(`[data-part="${name}"]`); }

// restored is what is kept of this lesson with these numbers; with others one
// begins anew.
function restored() {
  const kept = of(lesson.name);
  if (kept.seed === lesson.seed) return kept;
  return { ...kept, seed: lesson.seed, at: '', replies: {}, solved: [], past: [] };
}

function remember() { keep(lesson.name, state); }

const unanswered = () => predictions.filter((form) => state.replies[form.dataset.question] === undefined);
const open = () => unanswered()[0];

// place is where an address says that one is: a part, and the step of a walk.
function place(text) {
  const [name, number] = (text ?? '').split('-');
  return { name: names.includes(name) ? name : '', step: Math.max(0, (Number.parseInt(number, 10) || 1) - 1) };
}

// pass keeps that parts are done; their marks stay, wherever one goes.
function pass(done) {
  state.past = [...new Set([...state.past, ...done])];
  for (const link of root.querySelectorAll('[data-station]')) link.dataset.past = state.past.includes(link.dataset.station);
}

function position() { return now === 'watch' ? `watch-${walk.at + 1}` : now; }

function writeAddress(push) {
  const url = new URL(location.href);
  url.searchParams.set('seed', lesson.seed);
  url.searchParams.set('at', position());
  url.hash = '';
  if (url.href === location.href) return;
  history[push ? 'pushState' : 'replaceState'](null, '', url);
}

// show brings one to a part; focus goes to its heading, unless the page opens there.
function show(name, { focus = true, push = true, step = 0 } = {}) {
  if (name !== 'predict' && open()) {
    ask();
    name = 'predict';
  } else {
    part('first').hidden = true;
  }
  words.hide();
  const moved = name !== now;
  now = name;
  root.dataset.at = name;
  for (const one of sections) one.toggleAttribute('data-current', one.dataset.section === name);
  for (const link of root.querySelectorAll('[data-station]')) {
    if (link.dataset.station === name) {
      link.setAttribute('aria-current', 'step');
      const row = link.closest('ol'); // which a phone scrolls
      row.scrollLeft = link.parentElement.offsetLeft - row.offsetLeft;
    } else link.removeAttribute('aria-current');
  }
  pass(names.slice(0, names.indexOf(name)));
  part('next', section('predict')).hidden = Boolean(open());
  if (name === 'watch') {
    compare(false);
    walk.go(step);
  }
  if (name === 'done') finish();
  state.at = position();
  remember();
  writeAddress(push && moved);
  if (!focus && name === 'watch') section(name).scrollIntoView({ block: 'start' }); // the lanes need all the room there is
  if (focus && moved) {
    const target = name === 'predict' && open() ? open().querySelector('input:not([type="hidden"])') : section(name).querySelector('h2');
    target.focus();
    section(name).scrollIntoView({ block: 'start' });
  }
}

function next() {
  if (now === 'predict') {
    const first = open();
    if (first) {
      ask();
      first.querySelector('input:not([type="hidden"])').focus();
      return;
    }
  }
  if (now === 'watch' && !compared) {
    if (walk.last) compare(true);
    else step(walk.at + 1);
    return;
  }
  const after = names[names.indexOf(now) + 1];
  if (after) show(after);
}

function back() {
  if (now === 'watch' && compared) compare(false);
  else if (now === 'watch' && walk.at > 0) step(walk.at - 1);
  else if (names.indexOf(now) > 0) show(names[names.indexOf(now) - 1]);
}

function step(at) {
  words.hide();
  walk.go(at);
  state.at = position();
  remember();
  writeAddress(false);
}

// compare holds the predictions against what the run gave, or puts that away.
async function compare(is) {
  compared = is;
  part('compared').hidden = !is;
  part('forward').hidden = is; // the way on is below the verdict
  part('walk').toggleAttribute('data-over', is);
  if (!is) return;
  pass(['watch']);
  settle();
  remember();
  shown += 1;
  const turn = shown;
  const host = part('verdicts');
  host.replaceChildren(html('p', { class: 'dim' }, t('lesson.script.loading')));
  part('compared').querySelector('h3').focus();
  part('compared').scrollIntoView({ block: 'nearest' });
  const blocks = [];
  for (const form of predictions) {
    const id = form.dataset.question;
    try {
      const found = await judge(lesson, id, state.replies[id]);
      const said = html('p', { class: 'said' });
      said.append(written(t('lesson.script.said', { Said: found.said ?? '' })));
      const answer = html('p', {});
      answer.append(written(t('lesson.script.answer', { Answer: found.answer ?? '' })));
      blocks.push(html('div', { 'data-verdict': id, 'data-right': String(found.right) }, said, answer, ...verdict(found)));
    } catch {
      blocks.push(html('p', { class: 'problem' }, t('lesson.script.offline')));
    }
  }
  if (turn === shown) host.replaceChildren(...blocks);
}

function finish() {
  state.done = true;
  pass(['done']);
  part('summary').textContent = t('lesson.script.summary', { Solved: state.solved.length, Exercises: exercises.length });
}

// ask says that predictions are missing, how many of several, and marks the next one.
function ask() {
  const missing = unanswered();
  if (missing.length < predictions.length) part('first').textContent = t('lesson.script.missing', { Count: missing.length });
  part('first').hidden = false;
  for (const form of predictions) form.toggleAttribute('data-missing', form === missing[0]);
}

// note keeps what a form has, and says whether that is anything.
function note(form) {
  const reply = replyOf(form);
  if (reply === '') return false;
  state.replies[form.dataset.question] = reply;
  remember();
  noted(form);
  return true;
}

// A prediction is kept, not judged: that comes after the run.
function predict(form) {
  if (!note(form)) return;
  part('submit', form).classList.remove('primary'); // it has done its work
  form.removeAttribute('data-missing');
  const missing = open();
  part('next', section('predict')).hidden = Boolean(missing);
  if (missing) missing.querySelector('input:not([type="hidden"])').focus();
  else show('watch');
}

function noted(form) {
  const chosen = form.querySelector('input[type="radio"]:checked')?.nextElementSibling.textContent.trim() ?? form.querySelector('input[type="text"]')?.value ?? '';
  const missing = unanswered().length;
  const words = state.past.includes('watch') ? 'lesson.script.kept' : missing ? 'lesson.script.noted.more' : 'lesson.script.noted';
  part('feedback', form).replaceChildren(html('p', { class: 'noted' }, t(words, { Said: chosen, Count: missing })));
}

// settle leaves the predictions as they were once the run has been seen.
function settle() {
  if (!state.past.includes('watch')) return;
  for (const form of predictions) {
    for (const input of form.querySelectorAll('input, [type="submit"]')) input.disabled = true;
    form.querySelector('[type="submit"]').hidden = true;
    noted(form);
  }
}

async function check(form) {
  const id = form.dataset.question;
  const reply = replyOf(form);
  const feedback = part('feedback', form);
  feedback.replaceChildren(html('p', { class: 'dim' }, t('lesson.script.loading')));
  try {
    const found = await judge(lesson, id, reply);
    feedback.replaceChildren(...verdict(found));
    if (found.right && !state.solved.includes(id)) state.solved.push(id);
    state.replies[id] = reply;
    form.dataset.solved = state.solved.includes(id);
    remember();
  } catch {
    feedback.replaceChildren(html('p', { class: 'problem' }, t('lesson.script.offline')));
  }
  feedback.focus({ preventScroll: true });
  feedback.scrollIntoView({ block: 'nearest' });
}

for (const form of predictions) {
  form.addEventListener('submit', (event) => { event.preventDefault(); predict(form); });
  // What was noted is what the form shows, until the run has been seen.
  form.addEventListener('change', () => { if (state.replies[form.dataset.question] !== undefined) note(form); });
}
for (const form of exercises) {
  form.addEventListener('submit', (event) => { event.preventDefault(); check(form); });
}
for (const form of [...predictions, ...exercises]) {
  const kept = state.replies[form.dataset.question];
  if (kept === undefined) continue;
  fill(form, kept);
  if (predictions.includes(form)) noted(form);
  else if (state.solved.includes(form.dataset.question)) {
    form.dataset.solved = true;
    part('feedback', form).replaceChildren(html('p', { class: 'outcome right' }, t('lesson.right')));
  }
}
settle();
for (const run of root.querySelectorAll('[data-scenario]:not([data-scenario=""])')) new Real(run, socket);
for (const button of root.querySelectorAll('[data-part="next-button"], [data-part="forward"]')) button.addEventListener('click', next);
part('back').addEventListener('click', back);
for (const link of root.querySelectorAll('[data-station]')) {
  link.addEventListener('click', (event) => { event.preventDefault(); show(link.dataset.station); });
}

// Enter stays with what has a use for it.
onKey('lesson-next', (event) => {
  if (event.key === 'Enter' && event.target.closest('button, a, summary, form, input, select')) return false;
  next();
  return true;
});
onKey('lesson-back', back);

function opened(focus) {
  const asked = place(new URL(location.href).searchParams.get('at'));
  const kept = place(state.at);
  const at = asked.name ? asked : kept.name ? kept : { name: names[0], step: 0 };
  show(at.name, { focus, push: false, step: at.step });
}
addEventListener('popstate', () => opened(true));

// Who comes back without a seed in the address goes on with the numbers of before.
const kept = of(lesson.name);
if (kept.begun && kept.seed !== lesson.seed && !new URL(location.href).searchParams.has('seed')) {
  location.replace(`/lessons/${lesson.name}?seed=${kept.seed}`);
} else {
  root.dataset.ready = 'true';
  opened(false);
}
