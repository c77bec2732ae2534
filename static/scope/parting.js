// Where two runs part: the first step at which they do not do the same. Times,
// numbers and where a figure comes from do not count, nor does which line of
// which program did it; of a call or a wait, nor does what only its end tells.
const told = ['endpoint', 'phase', 'kind', 'actor', 'from', 'to', 'bytes', 'n', 'syscall', 'errno', 'detail'];
const toldAtBegin = told.filter((name) => name !== 'bytes' && name !== 'errno');

function same(one, other) {
  const spans = one.kind === 'syscall' || one.kind === 'wait';
  return (spans ? toldAtBegin : told).every((name) => (one[name] ?? '') === (other[name] ?? ''));
}

// partingOf is the step at which a lane parts from another, 0 if it does not in
// what is shown of both.
function partingOf(lane, other) {
  const both = Math.min(lane.events.length, other.events.length);
  for (let i = 0; i < both; i += 1) {
    if (!same(lane.events[i], other.events[i])) return i + 1;
  }
  if (lane.whole && other.whole) return 0;
  const shorter = lane.steps < other.steps ? lane : other;
  return lane.steps === other.steps || shorter.head.total > shorter.head.shown ? 0 : both + 1;
}

// Partings are those of all lanes from the reference.
export class Partings {
  constructor(lanes, reference, alignment) {
    this.steps = new Map(); // lane → its step
    this.reference = reference;
    const ready = lanes.filter((lane) => lane.status === 'ready');
    this.comparable = ready.length > 1 && ready.includes(reference) && ready.every((lane) => lane.begin === 0);
    this.first = 0; // the lanes' own step
    this.at = 0; // the page's step at which every lane has come there
    if (!this.comparable) return;
    for (const lane of ready) {
      if (lane !== reference) this.steps.set(lane, partingOf(lane, reference));
    }
    const parted = [...this.steps.values()].filter((step) => step > 0);
    if (parted.length === 0) {
      this.comparable = !alignment.long; // a long run may part later
      return;
    }
    this.first = Math.min(...parted);
    this.at = Math.max(...ready.map((lane) => alignment.find(lane, Math.min(this.first, lane.steps))));
  }

  // of is the step at which a lane parts from the reference; for that itself, the
  // first at which another one does.
  of(lane) { return lane === this.reference ? this.first : this.steps.get(lane) ?? 0; }
}
