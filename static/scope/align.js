// Alignment: which step each lane shows at a step of the page.
//   step   every lane shows step n, a finished lane its last
//   time   every lane shows what had begun at the same time
//   bytes  every lane has sent equally much; steps that send nothing are spread
//          evenly between those that do
// Of a long run the page has a window only: by time and by bytes it follows
// another, or is followed.
import { Following } from './following.js';

export const alignments = ['step', 'bytes', 'time'];

// alignmentOf matches lanes. Where one has to lead, it is the reference, or if that
// is short the first that is long.
export function alignmentOf(name, lanes, reference) {
  const long = lanes.filter((lane) => lane.whole > 0);
  if (long.length === 0 || lanes.length < 2 || name === 'step') return new Alignment(long.length > 0 ? 'step' : name, lanes);
  return new Following(name, lanes, long.includes(reference) ? reference : long[0]);
}

export class Alignment {
  constructor(name, lanes) {
    this.lanes = lanes;
    this.name = name;
    this.long = lanes.some((lane) => lane.whole > 0);
    this.points = name === 'step' || lanes.length < 2 ? null : merge(lanes.map(name === 'time' ? times : sent));
    this.last = this.points ? this.points.length - 1 : Math.max(0, ...lanes.map((lane) => lane.steps));
  }

  // own is the step that a lane is to show at the page's step.
  own(lane, step) {
    if (!this.points) return Math.min(step, lane.steps);
    return this.points[Math.min(step, this.last)][this.lanes.indexOf(lane)];
  }

  // stepOf is the step that it shows: of what the page has of it, the nearest.
  stepOf(lane, step) {
    const own = this.own(lane, step);
    return this.points ? own : lane.nearest(own);
  }

  // find is the first page step at which the lane shows its own step, and so is match.
  match(lane, own) { return this.find(lane, own); }

  find(lane, own) {
    if (!this.points) return own;
    const index = this.lanes.indexOf(lane);
    const found = this.points.findIndex((point) => point[index] >= own);
    return found < 0 ? this.last : found;
  }

  // boundaries are the page steps at which some lane crosses a syscall's entry
  // or return.
  boundaries() {
    const all = new Set([0, this.last]);
    for (const lane of this.lanes) {
      for (const own of lane.head?.boundaries ?? []) all.add(this.find(lane, own));
    }
    return [...all].sort((a, b) => a - b);
  }
}

const times = (lane) => lane.events.map((event) => event.at_ns);

function sent(lane) {
  const { at, value } = lane.head.counts.bytes_sent;
  if (!at?.length) return lane.events.map((_, index) => index);
  const keys = [];
  for (let part = 0; part < at.length; part += 1) {
    const from = Math.max(1, at[part]);
    const to = at[part + 1] ?? lane.steps + 1;
    const rise = (value[part + 1] ?? value[part] + 1) - value[part];
    for (let step = from; step < to; step += 1) keys.push(value[part] + (rise * (step - from)) / (to - from));
  }
  return keys;
}

// merge walks all lists of ascending keys together; each point holds how many
// keys of each list have been passed.
function merge(lists) {
  const passed = lists.map(() => 0);
  const points = [[...passed]];
  for (;;) {
    const next = Math.min(...lists.map((keys, i) => (passed[i] < keys.length ? keys[passed[i]] : Infinity)));
    if (next === Infinity) return points;
    // Equal keys advance together, one event of each lane at a time.
    lists.forEach((keys, i) => { if (passed[i] < keys.length && keys[passed[i]] <= next) passed[i] += 1; });
    points.push([...passed]);
  }
}
