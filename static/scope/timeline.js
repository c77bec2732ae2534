// The timeline: one track per actor of each lane on one shared axis. A bar is
// an event, in the line of its kind. The axis is time, or the steps, which
// gives brief events as much room as long ones.
import { time } from './format.js';
import { svg, set } from './svg.js';
import { word } from './words.js';

const gutter = 118; // px, for the tracks' names
const rowHeight = 17;
const axisHeight = 20;
const hair = 0.8; // px: narrower bars of a track that touch are drawn as one

// trackOf is the actor of an event; the receiver, which has a CPU of its own,
// has one track for all that it does.
const trackOf = (event) => (event.endpoint === 'receiver' ? 'receiver' : event.actor);

const tracksOf = (lane) => [...lane.head.actors, ...(lane.head.uses.includes('receiver') ? ['receiver'] : [])];

export class Timeline {
  constructor(host, player) {
    this.host = host;
    this.player = player;
    this.view = { from: 0, to: 1 }; // shown part of the axis
    this.bars = [];
    this.rows = [];
    this.marks = []; // of steps of lanes: {lane, step, label}
    new ResizeObserver(() => this.build()).observe(host);
    host.addEventListener('click', (event) => this.seek(event));
    host.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
  }

  // build draws the bars; needed when lanes, axis, zoom or width change.
  build() {
    const lanes = this.player.lanes.filter((lane) => lane.head && (this.player.focus === 'all' || this.player.focus === lane.id));
    const width = Math.max(300, this.host.clientWidth);
    this.width = width;
    this.extent = Math.max(1, ...lanes.map((lane) => this.ends(lane)));
    this.bars = [];
    this.rows = [];
    const tracks = svg('g', {});
    this.cursors = svg('g', {});
    let y = 4;
    for (const lane of lanes) {
      const top = y;
      const spans = lane.events.map((event, i) => this.span(lane, event, i + 1));
      for (const actor of tracksOf(lane)) {
        tracks.append(
          svg('text', { class: 'small', x: 4, y: y + 12 }, `${lane.id.toUpperCase()} ${actor === 'receiver' ? word('scope.place.receiver') : word(`actor.${actor}`)}`),
          svg('line', { class: 'rule', x1: gutter, x2: width - 8, y1: y + rowHeight - 1.5, y2: y + rowHeight - 1.5 }));
        this.track(tracks, lane, actor, spans, y);
        this.rows.push({ lane, actor, from: y, to: y + rowHeight });
        y += rowHeight;
      }
      const cursor = svg('line', { class: 'cursor', y1: top - 2, y2: y + 2 });
      this.cursors.append(cursor, ...this.marked(lane, spans, top, y));
      this.rows.at(-1).cursor = { lane, line: cursor, spans };
      y += 7;
    }
    const height = y + axisHeight;
    this.root = svg('svg', { class: 'timeline', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': word('scope.timeline') },
      svg('clipPath', { id: 'timeline-clip' }, svg('rect', { x: gutter, y: 0, width: width - gutter - 6, height })),
      tracks, this.rows.length > 0 ? this.axis(y) : null, svg('g', { 'clip-path': 'url(#timeline-clip)' }, this.cursors));
    this.host.replaceChildren(this.root);
    this.update();
  }

  // marked draws the marks of a lane across its tracks.
  marked(lane, spans, top, bottom) {
    return this.marks.filter((mark) => mark.lane === lane).map(({ step, label }) => {
      const x = this.x(spans[Math.min(step, spans.length) - 1]?.[0] ?? 0);
      return svg('g', { class: 'mark' },
        svg('line', { x1: x, x2: x, y1: top, y2: bottom }),
        svg('text', { x: x + 3, y: top + 9 }, label));
    });
  }

  ends(lane) {
    if (this.player.axis === 'steps') return lane.steps;
    return lane.events.reduce((last, event) => Math.max(last, event.at_ns + event.dur_ns), 0);
  }

  // span is where an event lies on the axis.
  span(lane, event, step) {
    if (this.player.axis === 'time') return [event.at_ns, event.at_ns + event.dur_ns];
    const end = event.at_ns + event.dur_ns;
    let low = step;
    let high = lane.steps;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lane.events[middle].at_ns < end) low = middle + 1;
      else high = middle;
    }
    return [step - 1, low];
  }

  x(value) {
    const { from, to } = this.view;
    return gutter + ((value / this.extent - from) / (to - from)) * (this.width - gutter - 12);
  }

  value(x) {
    const { from, to } = this.view;
    return (from + ((x - gutter) / (this.width - gutter - 12)) * (to - from)) * this.extent;
  }

  track(parent, lane, actor, spans, y) {
    const group = svg('g', { 'clip-path': 'url(#timeline-clip)' });
    let previous = null;
    lane.events.forEach((event, i) => {
      if (trackOf(event) !== actor) return;
      const [x1, x2] = spans[i].map((value) => this.x(value));
      if (x2 < gutter || x1 > this.width) return;
      const call = event.kind === 'syscall';
      if (!call && previous && x2 - x1 < hair && x1 - previous.end < hair) {
        previous.end = Math.max(previous.end, x2);
        previous.last = i + 1;
        set(previous.element, { width: Math.max(1.6, previous.end - previous.start) });
        return;
      }
      const element = svg('rect', {
        class: `bar ${event.kind}`, x: x1, y: y + (call ? 1 : 3), width: Math.max(1.6, x2 - x1), height: call ? 14 : 10, rx: 1.5,
      });
      element.append(svg('title', {}, event.say));
      const bar = { element, lane, first: i + 1, last: i + 1, start: x1, end: x2 };
      if (!call) previous = bar;
      this.bars.push(bar);
      group.append(element);
    });
    parent.append(group);
  }

  axis(y) {
    const group = svg('g', { class: 'axis' });
    const from = this.view.from * this.extent;
    const to = this.view.to * this.extent;
    const ticks = this.width < 600 ? 3 : 6;
    for (let i = 0; i <= ticks; i += 1) {
      const value = from + ((to - from) * i) / ticks;
      const x = this.x(value);
      group.append(
        svg('line', { class: 'rule', x1: x, x2: x, y1: y - 4, y2: y }),
        svg('text', { class: 'small', x, y: y + 13, 'text-anchor': i === 0 ? 'start' : i === ticks ? 'end' : 'middle' }, this.player.axis === 'time' ? time(value) : String(Math.round(value))));
    }
    return group;
  }

  // update shows how far the lanes have come.
  update() {
    for (const { element, lane, first, last } of this.bars) {
      const step = this.player.stepOf(lane);
      const state = first > step ? 'future' : step <= last ? 'now' : '';
      if ((element.dataset.state ?? '') !== state) set(element, { 'data-state': state || null });
    }
    for (const { cursor } of this.rows) {
      if (!cursor) continue;
      const step = this.player.stepOf(cursor.lane);
      const x = this.x(step === 0 ? 0 : cursor.spans[step - 1][0]);
      set(cursor.line, { x1: x, x2: x });
    }
  }

  seek(event) {
    const box = this.host.getBoundingClientRect();
    const y = event.clientY - box.top;
    const row = this.rows.find(({ from, to }) => y >= from && y < to) ?? this.rows[0];
    if (!row || event.clientX - box.left < gutter - 4) return;
    const { spans } = this.rows.find(({ cursor }) => cursor?.lane === row.lane).cursor;
    const value = this.value(event.clientX - box.left);
    // The last event of the track that had begun, else of the lane.
    const begun = (own) => spans.reduce((found, span, i) => (span[0] <= value && own(row.lane.events[i]) ? i + 1 : found), 0);
    const step = begun((e) => trackOf(e) === row.actor && e.kind !== 'syscall') || begun(() => true);
    this.player.seek(this.player.alignment.find(row.lane, step));
  }

  zoom(factor, at = this.cursorShare()) {
    const { from, to } = this.view;
    const span = Math.min(1, Math.max(1e-6, (to - from) * factor));
    const left = Math.max(0, Math.min(1 - span, at - ((at - from) / (to - from)) * span));
    this.view = { from: left, to: left + span };
    this.build();
  }

  pan(by) {
    const span = this.view.to - this.view.from;
    const from = Math.max(0, Math.min(1 - span, this.view.from + by * span));
    this.view = { from, to: from + span };
    this.build();
  }

  whole() {
    this.view = { from: 0, to: 1 };
    this.build();
  }

  cursorShare() {
    const cursor = this.rows.find((row) => row.cursor)?.cursor;
    if (!cursor) return 0.5;
    const step = this.player.stepOf(cursor.lane);
    return step === 0 ? 0 : cursor.spans[step - 1][0] / this.extent;
  }

  // wheel zooms when the timeline has focus or Ctrl is held, so that scrolling
  // the page past it stays possible.
  wheel(event) {
    if (!event.ctrlKey && !this.host.contains(document.activeElement)) return;
    event.preventDefault();
    const x = event.clientX - this.host.getBoundingClientRect().left;
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.value(x) / this.extent);
  }
}
