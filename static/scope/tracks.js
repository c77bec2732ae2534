// Draws a timeline's tracks: a bar is an event, in the line of its kind. Bars
// that are narrower than a pixel and touch are drawn as one.
import { time } from './format.js';
import { svg } from './svg.js';

const hair = 1; // px
const least = 1.6; // px, so that a bar can be seen
const mostFlows = 80; // arrows at once

// trackOf is the actor of an event; the receiver, which has a CPU of its own,
// has one track for all that it does.
export const trackOf = (event) => (event.endpoint === 'receiver' ? 'receiver' : event.actor);

export const tracksOf = (lane) => [...lane.head.actors, ...(lane.head.uses.includes('receiver') ? ['receiver'] : [])];

const shapeOf = (kind, y) => (kind === 'syscall' ? { y: y + 1, height: 14 } : { y: y + 3, height: 10 });

// barsOf are the bars of a track within the view, each with the kind of its first
// event.
export function barsOf(line, lane, actor, calls) {
  const { from, to } = line.spans(lane);
  const bars = [];
  let last = null;
  lane.events.forEach((event, i) => {
    if (trackOf(event) !== actor || (event.kind === 'syscall') !== calls) return;
    const x1 = line.x(from[i]);
    const x2 = line.x(to[i]);
    if (x2 < line.left - 4 || x1 > line.right + 4) return;
    if (last && x2 - x1 < hair && x1 - last.x2 < hair && last.x2 - last.x1 < 400) {
      last.x2 = Math.max(last.x2, x2);
      return;
    }
    last = { kind: event.kind, x1, x2 };
    bars.push(last);
  });
  return bars;
}

export function drawBars(line, { lane, actor, y }) {
  const bars = [...barsOf(line, lane, actor, true), ...barsOf(line, lane, actor, false)];
  return svg('g', {}, ...bars.map(({ kind, x1, x2 }) => {
    const x = Math.max(x1, line.left - 8);
    return svg('rect', { class: `bar ${kind}`, x, width: Math.max(least, Math.min(x2, line.right + 8) - x), rx: 1.5, ...shapeOf(kind, y) });
  }));
}

// drawNow draws the event of a lane's step once more, on the veil.
export function drawNow(line, lane, step, rows) {
  const event = lane.event(step);
  const row = event && rows.find(({ actor }) => actor === trackOf(event));
  if (!row) return [];
  const { from, to } = line.spans(lane);
  const at = lane.indexOf(step);
  const x = Math.max(line.x(from[at]), line.left - 8);
  const end = Math.min(line.x(to[at]), line.right + 8);
  if (end < line.left - 4 || x > line.right + 4) return [];
  return [svg('rect', { class: `bar ${event.kind}`, 'data-state': 'now', x, width: Math.max(least, end - x), rx: 1.5, ...shapeOf(event.kind, row.y) })];
}

// drawFlows draws arrows from what caused something to what came of it: strong
// where the step is part of it, the others as long as they can be told apart.
export function drawFlows(line, lane, step) {
  const { from, to } = line.spans(lane);
  const at = (other) => lane.indexOf(other);
  const rowOf = (event) => line.rows.find((row) => row.lane === lane && row.actor === trackOf(event));
  const seen = (lane.head.links ?? []).filter(([a, b]) => lane.event(a) && lane.event(b) && line.x(from[at(b)]) >= line.left && line.x(from[at(a)]) <= line.right);
  const drawn = seen.length > mostFlows ? seen.filter(([a, b]) => a === step || b === step) : seen;
  return drawn.map(([a, b]) => {
    const [source, target] = [rowOf(lane.event(a)), rowOf(lane.event(b))];
    if (!source || !target) return null;
    const begin = Math.min(line.x(to[at(a)]), line.x(from[at(b)]));
    const x1 = lane.event(a).kind === 'dma' ? begin : line.x(from[at(a)]);
    const x2 = line.x(from[at(b)]);
    const [y1, y2] = [source.y + 8, target.y + (target.y > source.y ? 2 : 14)];
    const bend = Math.max(8, Math.min(40, (x2 - x1) / 2));
    const state = a === step || b === step ? 'now' : b > step ? 'future' : '';
    return svg('path', { class: `flow ${state}`, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, 'marker-end': line.flowHead });
  }).filter(Boolean);
}

// drawHits marks the events that a search found.
export function drawHits(line) {
  return line.lanes.map((lane) => {
    const { from } = line.spans(lane);
    const marks = [];
    let last = -Infinity;
    for (const step of line.explorer.search.hitsOf(lane)) {
      const row = line.rows.find((candidate) => candidate.lane === lane && candidate.actor === trackOf(lane.event(step)));
      const x = line.x(from[lane.indexOf(step)]);
      if (!row || x < line.left - 2 || x > line.right + 2 || (x - last < hair && marks.length > 2000)) continue;
      last = x;
      marks.push(`M${x - 3} ${row.y}h6l-3 4z`);
    }
    return marks.length > 0 ? svg('path', { class: 'hits', d: marks.join('') }) : null;
  }).filter(Boolean);
}

export function drawAxis(line, y) {
  const group = svg('g', { class: 'axis' });
  const from = line.origin + line.view.from * line.extent;
  const to = line.origin + line.view.to * line.extent;
  const ticks = line.width < 600 ? 3 : 6;
  for (let i = 0; i <= ticks; i += 1) {
    const value = from + ((to - from) * i) / ticks;
    const x = line.x(value);
    group.append(
      svg('line', { class: 'rule', x1: x, x2: x, y1: y - 4, y2: y }),
      svg('text', { class: 'small', x, y: y + 13, 'text-anchor': i === 0 ? 'start' : i === ticks ? 'end' : 'middle' }, line.player.axis === 'time' ? time(value) : String(Math.round(value))));
  }
  return group;
}
