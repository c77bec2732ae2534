// Looks up what is inside the places of a lane's machine after a step. The
// server computed all of it; here it is only found.
import { indexAt } from './series.js';

const there = (step) => ({ from, until }) => from <= step && (!until || step < until);

// itemsAt are the items inside a place, the oldest first.
export function itemsAt(lane, place, step) {
  return (lane.head?.inside?.[place] ?? []).filter(there(step));
}

// spansAt are the runs of pages of the file that are in some state, in order.
export function spansAt(lane, step) {
  return (lane.head?.pages?.spans ?? []).filter(there(step));
}

// spansOf are all that one page ever was, in order.
export function spansOf(lane, page) {
  return (lane.head?.pages?.spans ?? []).filter(({ first, n }) => first <= page && page < first + n)
    .sort((a, b) => a.from - b.from);
}

// squaresAt are the squares that stand for the pages of the file, each with its
// state after a step.
export function squaresAt(lane, step) {
  return (lane.head?.pages?.squares ?? []).map(({ first, n, at, state, have }) => {
    const index = indexAt(at, step);
    return { first, n, state: state[index], have: have[index] };
  });
}

// stageOf tells how far a device is with an entry of its queue.
export function stageOf({ begun, ended }, step) {
  if (ended && ended <= step) return 'ended';
  return begun && begun <= step ? 'begun' : 'posted';
}
