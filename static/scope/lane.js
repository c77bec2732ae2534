// One lane: a scenario, what the server said about its run, and its events.
import { valueAt } from './series.js';

// laneIDs are the letters of the lanes that there may be.
export const laneIDs = ['a', 'b', 'c', 'd'];

export class Lane {
  constructor(id, scenario) {
    this.id = id;
    this.scenario = scenario;
    this.reset();
  }

  // reset forgets the run, so that the scenario can be run anew.
  reset() {
    this.status = 'waiting'; // waiting, queued, running, receiving, ready, failed, cancelled
    this.place = 0; // in the queue of real runs
    this.done = 0; // progress of the run
    this.total = 0;
    this.head = null; // the server's description of the run
    this.events = []; // those that the page has: after step begin
    this.begin = 0;
    this.whole = 0; // of a long run, of which the page has a window: its steps
    this.asked = null; // the request for a window that is under way
    this.kept = 0; // events that the server has gone through to keep the run
    this.overview = null; // of a long run, once it is kept
    this.sought = null; // the request for a step that is under way, with what is looked for
    this.found = null; // its last answer
    this.first = null; // of a long run, the events that came first
    this.parts = null; // the request for where it parts that is under way, and from which lane
    this.parted = null; // its last answer
    this.comparison = null;
    this.why = ''; // why this host can measure nothing of the comparison
    this.error = null;
    this.seen = new Map(); // route → the first step that used it
    this.modes = []; // per event: the mode that the CPU is in after it
    this.modeBefore = 'user-mode'; // the first
  }

  // imported is the name of the imported trace that the lane shows, or null.
  get imported() { return this.scenario.startsWith('import=') ? this.scenario.slice('import='.length) : null; }

  // busy: its run is still to come.
  get busy() { return !['ready', 'failed', 'cancelled'].includes(this.status); }

  get steps() { return this.whole || this.events.length; }

  // opening are the first events of the run.
  get opening() { return this.first ?? this.events; }

  // end is the last step that the page has.
  get end() { return this.begin + this.events.length; }

  // indexOf is where the events, and what is listed beside them, have a step.
  indexOf(step) { return step - 1 - this.begin; }

  event(step) { return this.events[this.indexOf(step)] ?? null; }

  has(step) { return step <= this.end && (step > this.begin || this.begin === 0); }

  // waits: the page has another part of the run than the one around its step.
  waits(step) { return this.whole > 0 && !this.has(Math.min(step, this.whole)); }

  // nearest is the step that the page has and that is nearest to another: what
  // is shown is always what is known.
  nearest(step) { return Math.max(this.begin > 0 ? this.begin + 1 : 0, Math.min(this.end, step)); }

  // open takes a window of the run in the place of what the page had of it.
  open({ begin, total, mode, events, ...parts }) {
    this.head = { ...this.head, ...parts };
    this.first ??= this.events;
    this.begin = begin;
    this.whole = total;
    this.events = [];
    this.modes = [];
    this.modeBefore = mode;
    this.add(events);
  }

  add(events) {
    for (const event of events) {
      this.events.push(event);
      const route = routeOf(event);
      const seen = this.seen.get(route);
      if (!seen || seen.step > this.end) this.seen.set(route, { event, step: this.end });
      const before = this.modes.length ? this.modes[this.modes.length - 1] : this.modeBefore;
      this.modes.push(event.kind === 'mode-switch' && event.to ? event.to : before);
    }
  }

  // moving are the earlier events whose moves are under way when a step begins.
  moving(step) { return (this.event(step)?.moving ?? []).map((other) => this.event(other)).filter(Boolean); }

  mode(step) { return this.modes[this.indexOf(Math.min(step, this.end))] ?? this.modeBefore; }

  // count is a count of the scoreboard after a step; value is null where the
  // run cannot see it.
  count(name, step) {
    const series = this.head?.counts[name];
    if (!series) return null;
    const { unit, provenance, reason } = series;
    if (provenance === 'unavailable') return { value: null, unit, provenance, reason };
    return { value: valueAt(series, step), unit, provenance };
  }

  // holds is what a place holds after a step: bytes of its own, and bytes that
  // it only refers to.
  holds(place, step) {
    const series = this.head?.places[place];
    if (!series) return null;
    return {
      own: valueAt(series.own, step), lent: valueAt(series.lent, step), refs: valueAt(series.refs, step), room: series.room,
    };
  }
}

// routeOf names the way that an event takes through the machine.
export function routeOf(event) {
  return [event.kind, event.from || '', event.to || '', event.endpoint].join('|');
}
