// Alignment of runs of which the page has windows only: one lane leads, and the
// page's steps are its own. The others show the step after which as many bytes
// were sent, or that had begun at the same time. Beyond what the page has of a
// lane the server finds it; until it has, the lane shows what it showed.
import { valueAt } from './series.js';

export class Following {
  #places = new Map(); // lane → the step that it was last known to have

  // name: bytes or time.
  constructor(name, lanes, leader) {
    this.name = name;
    this.lanes = lanes;
    this.leader = leader;
    this.long = true;
    this.last = leader.steps;
  }

  // keyAt is what is matched at a lane's step: the bytes sent after it, or when it
  // begins; null where the page does not have the step.
  keyAt(lane, step) {
    if (step === 0) return this.name === 'time' ? -1 : 0;
    if (!lane.has(step)) return null;
    return this.name === 'time' ? lane.event(step).at_ns : sentAfter(lane, step);
  }

  // own is the step that a lane is to show at the page's step, or null: it has to
  // be found.
  own(lane, step) {
    const lead = Math.min(step, this.last);
    if (lane === this.leader) return lead;
    const key = this.keyAt(this.leader, lead);
    if (key === null) return null;
    const place = this.#placeOf(lane, key);
    if (place !== null) this.#places.set(lane, place);
    return place;
  }

  stepOf(lane, step) { return lane.nearest(this.own(lane, step) ?? this.#places.get(lane) ?? step); }

  // match is the page's step at which a lane shows its own step, or null: it has to
  // be found.
  match(lane, own) {
    if (lane === this.leader) return own;
    const key = this.keyAt(lane, own);
    return key === null ? null : this.#placeOf(this.leader, key);
  }

  // find is the same within what the page has.
  find(lane, own) {
    const at = this.match(lane, own);
    if (at !== null) return at;
    const key = this.keyAt(lane, own) ?? 0;
    return key > (this.keyAt(this.leader, this.leader.end) ?? 0) ? this.leader.end : this.leader.begin;
  }

  #placeOf(lane, key) {
    const place = this.name === 'time' ? begunAt(lane, key) : sentBy(lane, key);
    if (place !== null) return place;
    const { found } = lane;
    return found && found.name === this.name && found.key === key ? found.step : null;
  }

  // asks is what scope.find is asked for a key.
  asks(key) { return this.name === 'time' ? { at_ns: key } : { bytes: key }; }

  // boundaries are those of the lane that leads.
  boundaries() { return [...new Set([0, ...(this.leader.head?.boundaries ?? []), this.last])].sort((a, b) => a - b); }
}

function sentAfter(lane, step) {
  const { at, value } = lane.head.counts.bytes_sent ?? {};
  return at?.length ? valueAt({ at, value }, step) : 0;
}

// sentBy is the first step after which so many bytes were sent, null where the page
// does not have it.
function sentBy(lane, bytes) {
  if (bytes <= 0) return 0;
  const { at = [], value = [] } = lane.head.counts.bytes_sent ?? {};
  const index = value.findIndex((sent) => sent >= bytes);
  if (index < 0) return lane.end === lane.steps ? lane.steps : null;
  return index === 0 && lane.begin > 0 ? null : at[index];
}

// begunAt is the last step that has begun at a time, null where the page does not
// have it.
function begunAt(lane, at) {
  if (at < 0) return 0;
  const { events } = lane;
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle].at_ns <= at) low = middle + 1;
    else high = middle;
  }
  if ((low === 0 && lane.begin > 0) || (low === events.length && lane.end < lane.steps)) return null;
  return lane.begin + low;
}
