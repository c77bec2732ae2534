// The timeline: one track per actor of each lane on one shared axis, a small
// picture of the whole with the part that is shown, and the explorer of events
// below the lanes. The axis is time, or the steps, which gives brief events as
// much room as long ones.
import { Explorer } from './explorer.js';
import { Gestures } from './gestures.js';
import { Minimap } from './minimap.js';
import { Overview } from './overview.js';
import { drawAxis, drawBars, drawFlows, drawHits, drawNow, trackOf, tracksOf } from './tracks.js';
import { beginOf, endOf, spansOf } from './spans.js';
import { shortScreen } from './screen.js';
import { html, set, svg } from './svg.js';
import { word } from './words.js';

const gutter = 118; // px, for the tracks' names
const margin = 12; // px, right of the tracks
const rowHeight = shortScreen ? 15 : 17;
const axisHeight = 20;
const closest = 1e-6; // the smallest part of the axis that is shown

export class Timeline {
  constructor(host, player) {
    this.host = host;
    this.player = player;
    this.view = { from: 0, to: 1 }; // shown part of the axis
    this.range = null; // { from, to } on the axis, chosen to be summed up
    this.lanes = [];
    this.rows = [];
    this.marks = []; // of steps of lanes: {lane, step, label}
    this.frame = 0;
    this.minimap = new Minimap(this);
    this.explorer = new Explorer(this);
    this.overview = new Overview(this);
    host.before(this.overview.element, this.minimap.element);
    const lanes = host.closest('[data-stage]')?.querySelector('.lanes');
    if (lanes) lanes.append(this.explorer.element);
    else host.after(this.explorer.element);
    this.#enlarger();
    // The room is told once the page is laid out: to ask for it amid changes of the
    // page would have all of it laid out for that.
    this.room = 0;
    new ResizeObserver(() => {
      if (host.clientWidth === this.room) return;
      this.room = host.clientWidth;
      this.build();
    }).observe(host);
    this.gestures = new Gestures(host, this);
  }

  // enlarger lets the reader have the timeline as wide as the lanes.
  #enlarger() {
    const section = this.host.closest('section.time');
    const header = section?.querySelector('header');
    const home = section?.parentElement;
    if (!home?.classList.contains('side')) return;
    const next = section.nextElementSibling;
    const button = html('button', { type: 'button', class: 'icon', 'aria-pressed': 'false', 'aria-label': word('timeline.enlarge'), title: word('timeline.enlarge') }, '⤢');
    button.addEventListener('click', () => {
      const large = button.getAttribute('aria-pressed') !== 'true';
      set(button, { 'aria-pressed': String(large) });
      if (large) this.explorer.element.before(section);
      else home.insertBefore(section, next);
      button.focus();
    });
    header.append(button);
  }

  // build draws the tracks; needed when lanes, axis, zoom or width change. Without
  // room there is nothing to be seen.
  build() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const { player } = this;
    this.lanes = player.lanes.filter((lane) => lane.status === 'ready' && (player.focus === 'all' || player.focus === lane.id));
    if (this.room === 0) {
      this.over = null; // nor updated
      return;
    }
    this.width = Math.max(300, this.room);
    // The axis begins where the windows of long runs do.
    this.origin = this.lanes.length > 0 ? Math.min(...this.lanes.map((lane) => beginOf(lane, player.axis))) : 0;
    this.extent = Math.max(1, ...this.lanes.map((lane) => endOf(lane, player.axis) - this.origin));
    this.rows = [];
    let y = 4;
    for (const lane of this.lanes) {
      for (const actor of tracksOf(lane)) {
        this.rows.push({ lane, actor, y, height: rowHeight });
        y += rowHeight;
      }
      y += 7;
    }
    const height = y + axisHeight;
    this.over = svg('g', { class: 'over' });
    const clip = `clip-${this.host.dataset.clip ?? (this.host.dataset.clip = nextClip())}`;
    this.root = svg('svg', { class: 'timeline', width: this.width, height, viewBox: `0 0 ${this.width} ${height}`, role: 'img', 'aria-label': word('scope.timeline') },
      svg('clipPath', { id: clip }, svg('rect', { x: gutter - 2, y: 0, width: this.width - gutter - margin + 6, height })),
      svg('defs', {}, svg('marker', { id: `${clip}-head`, class: 'flow-head', markerUnits: 'userSpaceOnUse', markerWidth: 7, markerHeight: 7, refX: 6, refY: 3.5, orient: 'auto' }, svg('path', { d: 'M0 0 7 3.5 0 7Z' }))),
      ...this.rows.map((row) => this.#name(row)),
      svg('g', { 'clip-path': `url(#${clip})` }, ...this.rows.map((row) => drawBars(this, row)), ...drawHits(this), this.over),
      this.rows.length > 0 ? drawAxis(this, y) : null);
    this.flowHead = `url(#${clip}-head)`;
    this.host.replaceChildren(this.root);
    this.minimap.build();
    this.update();
  }

  // later builds once before the next frame, however often it is asked for.
  later() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.build());
  }

  #name({ lane, actor, y }) {
    return svg('g', {},
      svg('text', { class: 'small', x: 4, y: y + 12 }, `${lane.id.toUpperCase()} ${actor === 'receiver' ? word('scope.place.receiver') : word(`actor.${actor}`)}`),
      svg('line', { class: 'rule', x1: gutter, x2: this.width - 8, y1: y + rowHeight - 1.5, y2: y + rowHeight - 1.5 }));
  }

  get left() { return gutter; }

  get right() { return this.width - margin; }

  x(value) {
    const { from, to } = this.view;
    return gutter + (((value - this.origin) / this.extent - from) / (to - from)) * (this.right - gutter);
  }

  value(x) {
    const { from, to } = this.view;
    return this.origin + (from + ((x - gutter) / (this.right - gutter)) * (to - from)) * this.extent;
  }

  spans(lane) { return spansOf(lane, this.player.axis); }

  // update shows how far the lanes have come: what is to come lies under a veil.
  update() {
    if (!this.over) return;
    const parts = [];
    for (const lane of this.lanes) {
      const rows = this.rows.filter((row) => row.lane === lane);
      if (rows.length === 0) continue;
      const top = rows[0].y - 2;
      const bottom = rows[rows.length - 1].y + rowHeight;
      const step = this.player.stepOf(lane);
      const x = this.x(step === 0 ? 0 : this.spans(lane).from[lane.indexOf(step)]);
      const veiled = Math.max(x, gutter - 2);
      if (veiled < this.right + 4) parts.push(svg('rect', { class: 'veil', x: veiled, y: top, width: this.right + 4 - veiled, height: bottom - top }));
      parts.push(...drawFlows(this, lane, step), ...drawNow(this, lane, step, rows));
      parts.push(svg('line', { class: 'cursor', x1: x, x2: x, y1: top, y2: bottom + 2 }), ...this.#marked(lane, top, bottom + 2));
    }
    if (this.range && this.rows.length > 0) {
      const [x1, x2] = [this.x(this.range.from), this.x(this.range.to)];
      parts.push(svg('rect', { class: 'range', x: x1, y: 1, width: Math.max(1, x2 - x1), height: this.rows[this.rows.length - 1].y + rowHeight }));
    }
    this.over.replaceChildren(...parts);
    this.overview.update();
    this.minimap.update();
    this.explorer.update();
  }

  // marked draws the marks of a lane across its tracks.
  #marked(lane, top, bottom) {
    const { from } = this.spans(lane);
    return this.marks.filter((mark) => mark.lane === lane && lane.has(Math.min(mark.step, lane.steps))).map(({ step, label }) => {
      const x = this.x(from[Math.min(lane.indexOf(step), from.length - 1)] ?? 0);
      return svg('g', { class: 'mark' },
        svg('line', { x1: x, x2: x, y1: top, y2: bottom }),
        svg('text', { x: x + 3, y: top + 9 }, label));
    });
  }

  // seekAt goes to the event of a track at a point of the drawing.
  seekAt(x, y) {
    const row = this.rows.find((candidate) => y >= candidate.y && y < candidate.y + rowHeight) ?? this.rows[0];
    if (!row || x < gutter - 4) return;
    const { from } = this.spans(row.lane);
    const value = this.value(x);
    let own = 0;
    let any = 0;
    row.lane.events.forEach((event, i) => {
      if (from[i] > value) return;
      any = row.lane.begin + i + 1;
      if (trackOf(event) === row.actor && event.kind !== 'syscall') own = any;
    });
    this.explorer.select(row.lane);
    this.seek(row.lane, own || any);
  }

  seek(lane, step) { this.player.seekIn(lane, step); }

  // show moves the view so that a value of the axis is in it.
  show(value) {
    const at = (value - this.origin) / this.extent;
    const { from, to } = this.view;
    if (at < from || at > to) this.move(at - (to - from) / 2, to - from);
  }

  zoom(factor, at = this.cursorShare()) {
    const { from, to } = this.view;
    const span = Math.min(1, Math.max(closest, (to - from) * factor));
    this.move(at - ((at - from) / (to - from)) * span, span);
  }

  pan(by) {
    const { from, to } = this.view;
    this.move(from + by * (to - from), to - from);
  }

  // move shows the part of the axis that begins at a share of it.
  move(from, span) {
    const left = Math.max(0, Math.min(1 - span, from));
    this.view = { from: left, to: left + span };
    this.build();
  }

  whole() { this.move(0, 1); }

  cursorShare() {
    const lane = this.lanes[0];
    const step = lane ? this.player.stepOf(lane) : 0;
    if (!lane) return 0.5;
    return step === 0 ? 0 : (this.spans(lane).from[lane.indexOf(step)] - this.origin) / this.extent;
  }

  // mark begins or ends the range at the current step.
  mark(end) {
    const lane = this.explorer.lane;
    const step = lane ? this.player.stepOf(lane) : 0;
    if (step === 0) return;
    const { from, to } = this.spans(lane);
    const begin = from[lane.indexOf(step)];
    const value = end ? Math.max(to[lane.indexOf(step)], begin) : begin;
    const other = this.range ?? { from: value, to: value };
    const next = end ? { from: other.from, to: value } : { from: value, to: other.to };
    this.choose(Math.min(next.from, next.to), Math.max(next.from, next.to));
  }

  choose(from, to) {
    this.range = { from: Math.max(this.origin, from), to: Math.min(this.origin + this.extent, to) };
    this.update();
  }

  unchoose() {
    this.range = null;
    this.update();
  }
}

let clips = 0;
function nextClip() {
  clips += 1;
  return clips;
}
