// Where events lie on the timeline's axis: their times, or the steps, where an
// event reaches as far as the last step that began before it ended.
const known = new WeakMap(); // of a lane's events: the spans by axis

export function spansOf(lane, axis) {
  const { events } = lane;
  let kept = known.get(events);
  if (!kept || kept.length !== events.length) {
    kept = { length: events.length };
    known.set(events, kept);
  }
  kept[axis] ??= axis === 'time' ? times(events) : steps(events, lane.begin);
  return kept[axis];
}

// beginOf is where a lane's events begin, if the page has a window of them, else 0.
export function beginOf(lane, axis) {
  return lane.begin > 0 && lane.events.length > 0 ? spansOf(lane, axis).from[0] : 0;
}

// endOf is where the last event of a lane ends.
export function endOf(lane, axis) {
  if (axis === 'steps') return lane.end;
  return spansOf(lane, axis).to.reduce((last, end) => Math.max(last, end), 0);
}

function times(events) {
  return { from: Float64Array.from(events, (event) => event.at_ns), to: Float64Array.from(events, (event) => event.at_ns + event.dur_ns) };
}

function steps(events, begin) {
  const to = Float64Array.from(events, (event, i) => {
    const end = event.at_ns + event.dur_ns;
    let low = i + 1;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (events[middle].at_ns < end) low = middle + 1;
      else high = middle;
    }
    return begin + low;
  });
  return { from: Float64Array.from(events, (_, i) => begin + i), to };
}

// within are the first and the last step that begin in a part of the axis, or
// null.
export function within(lane, axis, begin, end) {
  const { from } = spansOf(lane, axis);
  const first = lower(from, begin);
  const last = lower(from, end) - 1;
  return first > last ? null : [lane.begin + first + 1, lane.begin + last + 1];
}

// lower is how many values are below a limit.
function lower(values, limit) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
