// The scope page: joins the address, the socket, the state and the views.
import { onKey } from '../keys.js';
import { Socket } from '../socket.js';
import * as address from './address.js';
import { Controls } from './controls.js';
import { LaneView } from './laneview.js';
import { renderNarration } from './narration.js';
import { Player } from './player.js';
import { renderPredictions } from './prediction.js';
import { Scoreboard } from './scoreboard.js';
import * as settings from './settings.js';
import { Timeline } from './timeline.js';

const page = document.querySelector('.scope');
const form = document.getElementById('scope-form');
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const player = new Player((motion) => draw(motion));
const views = Object.fromEntries(['a', 'b'].map((id) => [id, new LaneView(document.getElementById(`lane-${id}`), () => draw(0))]));
const timeline = new Timeline(part('timeline'), player);
const controls = new Controls(part('controls'), player, timeline);
const scoreboard = new Scoreboard(page.querySelector('.score'));
const socket = new Socket();
const lang = document.documentElement.lang.split('-')[0];
let drawn = '';

// draw shows the state everywhere.
function draw(motion) {
  for (const [id, view] of Object.entries(views)) view.render(player.lane(id), player, motion);
  renderNarration(part('narration'), player);
  scoreboard.render(player);
  renderPredictions(part('predictions'), player);
  controls.render();
  for (const button of page.querySelectorAll('[data-lane-focus]')) button.setAttribute('aria-pressed', player.focus === button.dataset.laneFocus);
  part('add-lane').hidden = player.lane('b') !== null;
  part('lane-switch').hidden = player.lane('b') === null;
  part('axis').value = player.axis;
  const layout = [player.focus, player.axis, ...player.lanes.map((lane) => `${lane.id}${lane.scenario}${lane.status}${lane.steps}`)].join(' ');
  if (layout === drawn) timeline.update();
  else timeline.build();
  drawn = layout;
  page.dataset.step = player.step;
  page.dataset.ready = player.complete;
}

// show puts scenarios into the lanes and has the new ones run.
function show(scenarios) {
  for (const lane of player.setScenarios(scenarios)) run(lane);
  draw(0);
}

function run(lane) {
  Object.assign(lane, { status: 'waiting', events: [], modes: [], head: null, error: null, comparison: null, why: '' });
  lane.seen.clear();
  settings.fault(form, lane.id, null);
  lane.request = socket.send('scope.run', { lane: lane.id, scenario: lane.scenario, lang });
}

// answer handles the messages about a lane; what belongs to a run that has
// been replaced is dropped.
function answer(type, handle) {
  socket.on(type, (body, message) => {
    const lane = player.lanes.find((candidate) => candidate.request === message.id);
    if (!lane) return;
    handle(lane, body);
    draw(0);
  });
}

answer('scope.queued', (lane, body) => Object.assign(lane, { status: 'queued', place: body.place }));
answer('scope.progress', (lane, body) => Object.assign(lane, { status: 'running', done: body.done, total: body.total }));
answer('scope.lane', (lane, body) => {
  Object.assign(lane, { status: 'receiving', head: body, scenario: body.scenario, done: 0, total: body.shown });
  settings.show(form, lane.id, body.settings);
});
answer('scope.events', (lane, body) => {
  lane.add(body.events);
  lane.done = lane.steps;
});
answer('scope.done', (lane) => {
  lane.status = 'ready';
  player.realign();
  if (player.settled) address.replace(player);
});
answer('scope.predictions', (lane, body) => { Object.assign(lane, { comparison: body.rows, why: body.why ?? '' }); });
answer('scope.cancelled', (lane) => { lane.status = 'cancelled'; });
answer('error', (lane, body) => {
  Object.assign(lane, { status: 'failed', error: body });
  settings.fault(form, lane.id, body.field);
});

// A run that was under way when the connection broke starts again.
let welcomes = 0;
socket.on('welcome', () => {
  welcomes += 1;
  if (welcomes > 1) player.lanes.filter((lane) => !['ready', 'failed', 'cancelled'].includes(lane.status)).forEach(run);
});

// restore shows what the address holds. An address that the server refused is
// not tried again; the page opens as if it had none.
function restore() {
  const saved = address.read(page.dataset.problem ? '' : location.search);
  player.load(saved);
  show({ a: saved.scenarios.a ?? page.dataset.a, b: saved.scenarios.a ? saved.scenarios.b : page.dataset.b });
}

// choose shows other scenarios as a new entry of the history.
function choose(scenarios) {
  player.pause();
  const before = address.write(player);
  const fresh = player.setScenarios(scenarios);
  if (address.write(player) !== before) address.push(player);
  fresh.forEach(run);
  draw(0);
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  choose(Object.fromEntries(player.lanes.map((lane) => [lane.id, settings.read(form, lane.id)])));
});
page.addEventListener('change', (event) => {
  const [id, field] = (event.target.name ?? '').split('.');
  if (!field || !player.lane(id)) return;
  choose({ ...player.scenarios(), [id]: settings.read(form, id) });
});
page.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const lane = button.closest('.lane')?.dataset.lane;
  if (button.dataset.action === 'cancel') socket.send('scope.cancel', { run: player.lane(lane).request });
  if (button.dataset.action === 'add-lane') choose({ ...player.scenarios(), b: page.dataset.second });
  if (button.dataset.action === 'remove-lane') choose({ ...player.scenarios(), [lane]: null });
  if (button.dataset.action === 'zoom-whole') timeline.whole();
  if (button.dataset.laneFocus) player.setFocus(button.dataset.laneFocus);
});
// What if: the run stays as lane A, and lane B is the same run, to be changed.
onKey('what-if', () => {
  if (!player.lane('b')) choose({ a: player.lane('a').scenario, b: player.lane('a').scenario });
  const lane = document.getElementById(`lane-${player.focus === 'a' ? 'a' : 'b'}`);
  lane.querySelector('.settings').open = true;
  lane.querySelector('.settings select').focus();
});
onKey('close', () => {
  const chooser = page.querySelector('.paths[open]');
  if (!chooser) return false;
  chooser.open = false;
  chooser.querySelector('summary').focus();
  return true;
});
part('axis').addEventListener('change', (event) => player.setAxis(event.target.value));
addEventListener('popstate', () => {
  page.dataset.problem = '';
  address.forget();
  restore();
});
restore();
