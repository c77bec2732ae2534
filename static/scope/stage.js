// A stage steps through the runs of one or more lanes: it joins the state, the
// server's runs and the views that its element has. Everything is looked for
// inside that element, which the component Stage wrote.
//
//   const stage = new Stage(root, { socket: new Socket() });
//   await stage.show({ a: 'read-write,cache=cold', b: 'sendfile' });
//   stage.go(9);
//
// Events: "change" after each change of what is shown (detail.motion: how long
// the step's motion lasts, in ms), "ready" when all lanes shown have their runs
// or cannot get them (detail.complete: all have).
import { actionsOf, bindButtons, bindKeys } from './actions.js';
import * as address from './address.js';
import { Controls } from './controls.js';
import { Explanation } from './explanation.js';
import * as imports from './imports.js';
import { LaneView } from './laneview.js';
import { renderNarration } from './narration.js';
import { Player, motionTime } from './player.js';
import { renderPredictions } from './prediction.js';
import { Runs } from './runs.js';
import { Scoreboard } from './scoreboard.js';
import * as settings from './settings.js';
import { Timeline } from './timeline.js';
import { WhatIf } from './whatif.js';

export class Stage extends EventTarget {
  #drawn = '';
  #waiting = []; // those that wait for the lanes
  #frame = 0; // in which answers are drawn

  // address: the page's address is kept as the state's written form. keys: the
  // page's keys act here; false for all but one stage of a page. form: the form
  // of the lanes' settings, if the stage has them. onChange: a listener of
  // "change".
  constructor(root, { socket, address: kept = false, keys = true, form = null, onChange = null }) {
    super();
    this.root = root;
    this.form = form;
    this.kept = kept;
    this.player = new Player({ change: (motion) => this.draw(motion), keep: (state) => { if (kept) address.replace(state); } });
    this.runs = new Runs(socket, this.player, (lane, type) => this.#answered(lane, type));
    this.views = new Map([...root.querySelectorAll('section[data-lane]')].map((host) => [host.dataset.lane, new LaneView(host, () => this.draw(0))]));
    this.timeline = this.#view('timeline', (host) => new Timeline(host, this.player));
    this.controls = this.#view('controls', (host) => new Controls(host, this.player));
    this.scoreboard = this.#view('score', (host) => new Scoreboard(host, this.player));
    this.explanation = this.#view('parting', (host) => new Explanation(host, this.player));
    this.whatIf = this.#view('whatif', (host) => new WhatIf(host, this));
    this.actions = actionsOf(this);
    if (keys) bindKeys(this.actions);
    bindButtons(root, this.actions);
    if (form) this.#listenToSettings();
    root.addEventListener('click', (event) => this.#click(event));
    for (const input of root.querySelectorAll('[data-part="import"]')) input.addEventListener('change', () => this.#import(input));
    for (const [id, view] of this.views) view.group.addEventListener('change', (event) => this.#countOf(id, event.target.value));
    this.part('axis')?.addEventListener('change', (event) => this.player.setAxis(event.target.value));
    if (onChange) this.addEventListener('change', onChange);
  }

  part(name) { return this.root.querySelector(`[data-part="${name}"]`); }

  #view(name, make) {
    const host = this.part(name);
    return host ? make(host) : null;
  }

  // restore shows a whole state: scenarios, step, align, speed, focus, axis;
  // what is left out has its default. It waits like show.
  restore(state) {
    this.player.load(state);
    return this.show(state.scenarios);
  }

  // show puts scenarios into the lanes, by the lanes' letters, and has those run
  // that are new. The promise is kept, with whether all lanes have their runs,
  // when none is still to come.
  show(scenarios) {
    const fresh = this.#put(scenarios);
    fresh.forEach((lane) => this.run(lane));
    this.draw(0);
    if (fresh.length > 0 && this.player.settled) this.#settle(); // they came with the page
    return this.settled();
  }

  // put changes the lanes; runs under way of lanes that go are ended. It returns
  // the lanes that have to run.
  #put(scenarios) {
    const { player, runs } = this;
    const before = player.lanes;
    const fresh = player.setScenarios(scenarios);
    for (const lane of before) if (lane.busy && !player.lanes.includes(lane)) runs.cancel(lane);
    return fresh;
  }

  // addLane shows one more lane, with the scenario that the page has for it.
  addLane() {
    const free = [...this.views].find(([id]) => !this.player.lane(id));
    if (free) this.choose({ ...this.player.scenarios(), [free[0]]: free[1].host.dataset.source });
  }

  // import shows a trace that the reader chose: in the lane that asks for it, else
  // in one that is free.
  async #import(input) {
    const [file] = input.files;
    input.value = ''; // the same file may be chosen again
    if (file) this.#showImported(await imports.keep(file), input.closest('.lane')?.dataset.lane);
  }

  // addWatch shows the calls of the last watch of the attach page, or says that there
  // is none.
  async addWatch() {
    const name = await imports.keepWatch();
    this.part('no-watch').hidden = name !== null;
    if (name !== null) this.#showImported(name);
  }

  // showImported shows a trace that this browser has, in a lane or in one that is free.
  #showImported(name, id = [...this.views.keys()].find((other) => !this.player.lane(other))) {
    if (!id) return;
    const text = `import=${name}`;
    const lane = this.player.lane(id);
    if (lane?.scenario === text) lane.status = 'failed'; // other bytes of the same name
    this.choose({ ...this.player.scenarios(), [id]: text });
  }

  // fork runs a lane's program again with a change (STEP/KEY=VALUE) in a lane that
  // is free. The run as it was stays as a ghost, and differences are from it.
  fork(id, change) {
    const { player } = this;
    const free = [...this.views.keys()].find((other) => !player.lane(other));
    player.setGhost(id, true);
    player.ref = id === player.lanes[0].id ? '' : id;
    this.choose({ ...player.scenarios(), [free]: this.forked(id, change) });
    this.see(free);
    this.root.querySelector(`#lane-${free}`).scrollIntoView({ block: 'nearest' });
  }

  // forked is the scenario of a lane with a change.
  forked(id, change) { return `${this.player.lane(id).scenario},whatif=${change}`; }

  // countOf shows the counts of one group of a scenario file's threads.
  #countOf(id, group) {
    const file = this.player.lane(id).scenario.split(',')[0];
    this.choose({ ...this.player.scenarios(), [id]: group ? `${file},group=${group}` : file });
  }

  // settled waits until no lane's run is still to come.
  settled() {
    if (this.player.settled) return Promise.resolve(this.player.complete);
    return new Promise((resolve) => { this.#waiting.push(resolve); });
  }

  // go shows a step, as soon as the lanes can; motion: the step's motion is shown.
  go(step, { motion = false } = {}) {
    this.player.pause();
    if (this.player.settled) this.player.go(step, motion ? motionTime : 0);
    else this.player.step = step;
  }

  // align matches the lanes by "step", "bytes" or "time".
  align(name) { this.player.setAlign(name); }

  // see shows a lane where one is shown at a time.
  see(id) {
    const { player } = this;
    if (player.focus !== 'all' && player.focus !== id && player.lane(id)) player.setFocus(id);
  }

  run(lane) {
    if (this.form) settings.fault(this.form, lane.id, null);
    if (this.runs.start(lane) && this.form) settings.show(this.form, lane.id, lane.head.settings);
  }

  // choose shows other scenarios as the reader's choice: Back undoes it.
  choose(scenarios) {
    this.player.pause();
    const before = address.write(this.player);
    const fresh = this.#put(scenarios);
    if (this.kept && address.write(this.player) !== before) address.push(this.player);
    fresh.forEach((lane) => this.run(lane));
    this.draw(0);
  }

  // draw shows the state everywhere.
  draw(motion) {
    const { player, root } = this;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.runs.follow();
    for (const [id, view] of this.views) view.render(player.lane(id), player, motion);
    const narration = this.part('narration');
    if (narration) renderNarration(narration, player);
    this.scoreboard?.render(player);
    this.explanation?.render();
    renderPredictions(this.part('predictions'), player);
    this.controls?.render();
    this.#drawSwitches();
    if (this.timeline) this.timeline.marks = this.#marks();
    const layout = [player.focus, player.axis, player.ref, ...player.lanes.map((lane) => (lane.status === 'ready' ? `${lane.id}${lane.scenario}${lane.begin} ${lane.steps}` : ''))].join(' ');
    if (layout === this.#drawn) this.timeline?.update();
    else this.timeline?.build();
    this.#drawn = layout;
    root.dataset.lanes = player.lanes.length;
    root.dataset.step = player.step;
    root.dataset.ready = player.complete;
    this.dispatchEvent(new CustomEvent('change', { detail: { motion } }));
  }

  // marks are where the lanes part, for the timeline.
  #marks() {
    const { partings, lanes } = this.player;
    return lanes.map((lane) => ({ lane, step: partings.of(lane), label: '≠' })).filter(({ step }) => step > 0);
  }

  #drawSwitches() {
    const { player, root } = this;
    for (const button of root.querySelectorAll('[data-lane-focus]')) {
      const id = button.dataset.laneFocus;
      button.setAttribute('aria-pressed', player.focus === id);
      button.hidden = id !== 'all' && !player.lane(id);
    }
    this.part('lane-switch').hidden = player.lanes.length < 2;
    const add = this.part('add-lane');
    if (add) add.hidden = player.lanes.length === this.views.size;
    for (const button of root.querySelectorAll('[data-action="remove-lane"]')) button.disabled = player.lanes.length < 2;
    const axis = this.part('axis');
    if (axis) axis.value = player.axis;
  }

  #answered(lane, type) {
    if (this.form && type === 'scope.lane') settings.show(this.form, lane.id, lane.head.settings);
    if (this.form && type === 'error') settings.fault(this.form, lane.id, lane.error.field);
    if (!this.player.settled) {
      this.#drawSoon();
      return;
    }
    this.draw(0);
    if (!lane.busy && type !== 'scope.predictions') this.#settle();
  }

  // settle tells that no lane's run is still to come.
  #settle() {
    const { complete } = this.player;
    if (this.kept && this.player.ready) address.replace(this.player);
    for (const resolve of this.#waiting.splice(0)) resolve(complete);
    this.dispatchEvent(new CustomEvent('ready', { detail: { complete } }));
  }

  // drawSoon draws once for all answers that come before the next frame; where
  // there are no frames, in a tab that is not seen, at once.
  #drawSoon() {
    if (document.hidden) this.draw(0);
    else this.#frame ||= requestAnimationFrame(() => this.draw(0));
  }

  #listenToSettings() {
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.choose(Object.fromEntries(this.player.lanes.map((lane) => [lane.id, settings.read(this.form, lane.id)])));
    });
    this.root.addEventListener('change', (event) => {
      const [id, field] = (event.target.name ?? '').split('.');
      if (!field || !this.player.lane(id)) return;
      this.player.setGhost(id, false); // it is another run now
      this.choose({ ...this.player.scenarios(), [id]: settings.read(this.form, id) });
    });
  }

  #click(event) {
    const button = event.target.closest('button');
    if (!button) return;
    const { player } = this;
    const { action, laneFocus } = button.dataset;
    const lane = button.closest('.lane')?.dataset.lane;
    if (action === 'cancel') this.runs.cancel(player.lane(lane));
    if (action === 'add-lane') this.addLane();
    if (action === 'add-watch') this.addWatch();
    if (action === 'remove-lane') this.choose({ ...player.scenarios(), [lane]: null });
    if (laneFocus) player.setFocus(laneFocus);
  }
}
