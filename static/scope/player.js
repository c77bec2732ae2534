// The state of a stage and everything that changes it. Views are functions of
// this state; an address may be its written form.
import { alignmentOf, alignments } from './align.js';
import { Lane, laneIDs } from './lane.js';
import { Partings } from './parting.js';
import { wholeFocus } from './screen.js';

// Speeds are steps of a logarithmic scale. At speed 1 a microsecond of the run
// takes a tenth of a second. So that each step can be seen, a step lasts at
// least calmPause at speed 1 and never less than minPause; none lasts longer
// than maxPause.
export const speeds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const stretch = 1e5; // page time ÷ run time at speed 1
const calmPause = 350; // ms
const minPause = 60; // ms
const maxPause = 2500; // ms
export const motionTime = 900; // ms, of a step that was taken by hand

export class Player {
  // change is called after every change of the state, with how long the
  // step's motion may last in ms (0: none); keep before it, with the state, to
  // write it down.
  constructor({ change, keep }) {
    this.change = change;
    this.keep = keep;
    this.lanes = [];
    this.timer = 0;
    this.load({});
    this.realign();
  }

  // load takes a saved state; what it lacks or has wrong gets its default.
  load(saved) {
    this.pause();
    this.step = saved.step ?? 0;
    this.align = alignments.includes(saved.align) ? saved.align : 'step';
    this.speed = speeds.includes(saved.speed) ? saved.speed : 1;
    this.focus = saved.focus === 'all' || laneIDs.includes(saved.focus) ? saved.focus : wholeFocus();
    this.axis = saved.axis === 'steps' ? 'steps' : 'time';
    this.ref = laneIDs.includes(saved.ref) ? saved.ref : '';
    this.ghosts = new Set((saved.ghosts ?? []).filter((id) => laneIDs.includes(id)));
  }

  get playing() { return this.timer !== 0; }

  // ready: there is a lane to step through; another may still run or have
  // failed. complete: all are there.
  get ready() { return this.lanes.some((lane) => lane.status === 'ready'); }

  get complete() { return this.lanes.length > 0 && this.lanes.every((lane) => lane.status === 'ready'); }

  // settled: no lane's run is still to come.
  get settled() { return this.lanes.every((lane) => !lane.busy); }

  get last() { return this.alignment.last; }

  lane(id) { return this.lanes.find((lane) => lane.id === id) ?? null; }

  // reference is the lane against which differences are shown: the one that was
  // chosen, else the first.
  get reference() { return this.lane(this.ref) ?? this.lanes[0] ?? null; }

  stepOf(lane) { return this.alignment.stepOf(lane, this.step); }

  // targetOf is the step that a lane is to show, as far as it is known.
  targetOf(lane) { return this.alignment.own(lane, this.step) ?? this.stepOf(lane); }

  // waits: the page does not have what a lane is to show, or which step that is.
  waits(lane) {
    const own = lane.status === 'ready' ? this.alignment.own(lane, this.step) : 0;
    return own === null || lane.waits(own);
  }

  // setScenarios replaces the lanes whose scenario changed and returns those
  // that have to run.
  setScenarios(scenarios) {
    const fresh = [];
    this.lanes = laneIDs.filter((id) => scenarios[id]).map((id) => {
      const text = scenarios[id];
      const old = this.lane(id);
      if (old && old.scenario === text && old.status !== 'failed') return old;
      const lane = new Lane(id, text);
      fresh.push(lane);
      return lane;
    });
    for (const id of this.ghosts) if (!this.lane(id)) this.ghosts.delete(id);
    // A ghost is of a run beside it.
    if (this.ghosts.size === this.lanes.length) this.ghosts.clear();
    if (this.focus !== 'all' && !this.lane(this.focus)) this.focus = wholeFocus();
    this.realign();
    return fresh;
  }

  scenarios() {
    return Object.fromEntries(this.lanes.map((lane) => [lane.id, lane.scenario]));
  }

  // realign matches the lanes anew, after events arrived or the alignment was
  // changed; the step stays where it is unless the run is shorter.
  realign() {
    const runs = this.lanes.filter((lane) => lane.head && lane.status === 'ready');
    this.alignment = alignmentOf(this.align, runs, this.reference);
    this.boundaries = this.alignment.boundaries();
    this.part();
    if (this.ready && this.settled) this.step = Math.min(this.step, this.last);
  }

  // opened is told that a lane has another window of its run.
  opened() { this.boundaries = this.alignment.boundaries(); }

  // part finds where the lanes part from the reference.
  part() { this.partings = new Partings(this.lanes, this.reference, this.alignment); }

  go(step, motion = 0) {
    const to = Math.max(0, Math.min(this.last, step));
    if (!this.ready || to === this.step) return;
    this.step = to;
    this.keep(this);
    this.change(motion);
  }

  move(by) {
    this.pause();
    this.go(this.step + by, by > 0 ? motionTime : 0);
  }

  seek(step) {
    this.pause();
    this.go(step);
  }

  // seekIn goes to where a lane shows its own step; what the page cannot tell the
  // server finds.
  seekIn(lane, own) {
    const at = this.alignment.match(lane, own);
    if (at !== null) this.seek(at);
    else if (lane.has(own)) this.match(this.alignment.leader, this.alignment.asks(this.alignment.keyAt(lane, own)));
  }

  // boundary goes to the next place, forward (1) or back (-1), at which a lane
  // crosses a syscall's entry or return.
  boundary(direction) {
    const later = this.boundaries.filter((at) => (direction > 0 ? at > this.step : at < this.step));
    // Beyond what the page has of a long run the server looks.
    const long = this.alignment.leader ?? this.lanes.find((lane) => lane.whole > 0);
    const next = direction > 0 ? later[0] : later[later.length - 1];
    if (long?.whole > 0 && (next === 0 || next === this.last)) this.match(long, { step: this.step, boundary: direction });
    else if (later.length > 0) this.seek(direction > 0 ? later[0] : later[later.length - 1]);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
    this.change(0);
  }

  play() {
    if (!this.ready || this.last === 0) return;
    if (this.step >= this.last) this.step = 0;
    this.tick();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  // tick shows the next step and stays there as long as the run did, stretched.
  tick() {
    const pause = this.pauseAfter(this.step + 1);
    this.timer = setTimeout(() => {
      if (this.lanes.some((lane) => this.waits(lane))) { // play on when it is there
        this.tick();
        return;
      }
      if (this.step >= this.last) {
        this.pause();
        this.change(0);
        return;
      }
      this.tick();
    }, pause);
    this.go(this.step + 1, Math.min(pause * 0.9, motionTime));
  }

  pauseAfter(step) {
    let longest = 0;
    for (const lane of this.alignment.lanes) {
      const own = this.alignment.stepOf(lane, step);
      const now = lane.event(own);
      const next = lane.event(own + 1);
      if (now && own !== this.alignment.stepOf(lane, step - 1)) {
        longest = Math.max(longest, now.dur_ns, next ? next.at_ns - now.at_ns : 0);
      }
    }
    const wait = (longest / 1e6) * (stretch / this.speed);
    const floor = Math.max(minPause, calmPause / Math.sqrt(this.speed));
    return Math.min(maxPause, Math.max(floor, wait));
  }

  faster(by) {
    const index = Math.max(0, Math.min(speeds.length - 1, speeds.indexOf(this.speed) + by));
    this.setSpeed(speeds[index]);
  }

  setSpeed(speed) {
    this.speed = speed;
    this.keep(this);
    this.change(0);
  }

  // setAlign keeps the first lane's step in place, or that of the one that leads.
  setAlign(name) {
    this.align = name;
    this.#matchAnew();
    this.keep(this);
    this.change(0);
  }

  #matchAnew() {
    const own = new Map(this.alignment.lanes.map((lane) => [lane, this.targetOf(lane)]));
    this.realign();
    const lane = this.alignment.leader ?? this.alignment.lanes[0];
    if (lane) this.step = Math.min(this.last, this.alignment.find(lane, own.get(lane) ?? this.step));
  }

  nextAlign() {
    this.setAlign(alignments[(alignments.indexOf(this.align) + 1) % alignments.length]);
  }

  setFocus(id) {
    this.focus = this.focus === id || !this.lane(id) ? 'all' : id;
    this.keep(this);
    this.change(0);
  }

  setRef(id) {
    this.ref = id === this.lanes[0]?.id ? '' : id;
    if (this.alignment.leader) this.#matchAnew(); // another lane leads
    else this.part();
    this.keep(this);
    this.change(0);
  }

  // setGhost says whether a lane shows a run as it was before a change.
  setGhost(id, is) {
    if (is) this.ghosts.add(id);
    else this.ghosts.delete(id);
  }

  setAxis(axis) {
    this.axis = axis;
    this.keep(this);
    this.change(0);
  }
}
