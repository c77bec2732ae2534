// Where two runs part: the first step at which they do not do the same. Times,
// numbers and where a figure comes from do not count, nor does which line of
// which program did it; of a call or a wait, nor does what only its end tells. Of
// long runs the page has the first events; the server compares the rest
// (web/window_parting.go has the same rule).
const told = ['endpoint', 'phase', 'kind', 'actor', 'from', 'to', 'bytes', 'n', 'syscall', 'errno', 'detail'];
const toldAtBegin = told.filter((name) => name !== 'bytes' && name !== 'errno');

function same(one, other) {
  const spans = one.kind === 'syscall' || one.kind === 'wait';
  return (spans ? toldAtBegin : told).every((name) => (one[name] ?? '') === (other[name] ?? ''));
}

// partingOf tells the step at which a lane parts from another, 0 if it does not in
// what was compared of both; how much that is, and whether it is all.
function partingOf(lane, other) {
  const [one, two] = [lane.opening, other.opening];
  const compared = Math.min(one.length, two.length);
  for (let i = 0; i < compared; i += 1) {
    if (!same(one[i], two[i])) return { step: i + 1, compared, whole: false };
  }
  if (lane.whole > 0 && other.whole > 0) {
    return lane.parted?.with === other ? lane.parted : { step: 0, compared, whole: false };
  }
  const over = ({ steps, opening, head }) => steps === opening.length && head.total === head.shown; // its end is known
  const shorter = lane.steps < other.steps ? lane : other;
  if (lane.steps !== other.steps && over(shorter)) return { step: compared + 1, compared, whole: false };
  return { step: 0, compared, whole: over(lane) && over(other) };
}

// Partings are those of all lanes from the reference.
export class Partings {
  constructor(lanes, reference, alignment) {
    this.steps = new Map(); // lane → its step
    this.reference = reference;
    const ready = lanes.filter((lane) => lane.status === 'ready');
    this.comparable = ready.length > 1 && ready.includes(reference);
    this.first = 0; // the lanes' own step
    this.at = 0; // the page's step at which every lane has come there
    this.open = []; // lanes that the server has still to compare
    this.whole = true; // if they do not part: all that they do was compared
    this.compared = Infinity; // of each lane at least so many steps were
    if (!this.comparable) return;
    for (const lane of ready.filter((other) => other !== reference)) {
      const { step, compared, whole } = partingOf(lane, reference);
      this.steps.set(lane, step);
      this.whole &&= whole;
      this.compared = Math.min(this.compared, compared);
      if (step === 0 && lane.whole > 0 && reference.whole > 0 && lane.parted?.with !== reference) this.open.push(lane);
    }
    const parted = [...this.steps.values()].filter((step) => step > 0);
    if (parted.length === 0) return;
    this.first = Math.min(...parted);
    this.at = Math.max(...ready.map((lane) => alignment.match(lane, Math.min(this.first, lane.steps))).filter((step) => step !== null));
  }

  // of is the step at which a lane parts from the reference; for that itself, the
  // first at which another one does.
  of(lane) { return lane === this.reference ? this.first : this.steps.get(lane) ?? 0; }
}
