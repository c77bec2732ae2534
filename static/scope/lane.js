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
    this.events = [];
    this.comparison = null;
    this.why = ''; // why this host can measure nothing of the comparison
    this.error = null;
    this.seen = new Map(); // route → the first step that used it
    this.modes = []; // per event: the mode that the CPU is in after it
  }

  // imported is the name of the imported trace that the lane shows, or null.
  get imported() { return this.scenario.startsWith('import=') ? this.scenario.slice('import='.length) : null; }

  // busy: its run is still to come.
  get busy() { return !['ready', 'failed', 'cancelled'].includes(this.status); }

  get steps() { return this.events.length; }

  event(step) { return step >= 1 && step <= this.events.length ? this.events[step - 1] : null; }

  add(events) {
    for (const event of events) {
      this.events.push(event);
      const route = routeOf(event);
      if (!this.seen.has(route)) this.seen.set(route, { event, step: this.events.length });
      const before = this.modes.length ? this.modes[this.modes.length - 1] : 'user-mode';
      this.modes.push(event.kind === 'mode-switch' && event.to ? event.to : before);
    }
  }

  // moving are the earlier events whose moves are under way when a step begins.
  moving(step) { return (this.event(step)?.moving ?? []).map((other) => this.event(other)); }

  mode(step) { return step >= 1 ? this.modes[Math.min(step, this.steps) - 1] : 'user-mode'; }

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
