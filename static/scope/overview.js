// The whole of long runs, of which the timeline has a window each: how busy each
// actor is by time, or whose the events are by steps, in the server's columns. The
// drawing is made once and keeps a layer of its own; what moves lies over it. The
// strip is a slider that leads to any place of the run, and has a table beside it.
import { count, time } from './format.js';
import { beginOf, endOf } from './spans.js';
import { html, set, svg } from './svg.js';
import { tracksOf } from './tracks.js';
import { first, word } from './words.js';

const rowHeight = 7; // px
const most = 112; // px: with more rows each is lower
const least = 0.12; // of a row, so that what is rare can be seen
const parts = 20; // rows of the table

export class Overview {
  constructor(line) {
    this.line = line;
    this.picture = svg('svg', { 'aria-hidden': 'true', preserveAspectRatio: 'none' });
    this.marks = html('div', { class: 'marks', 'aria-hidden': 'true' });
    this.strip = html('div', { class: 'strip', role: 'slider', tabindex: 0, 'aria-valuemin': 0 }, this.picture, this.marks);
    this.caption = html('p', { class: 'small dim' });
    this.table = html('details', { class: 'small' }, html('summary', {}, word('timeline.overview.table')));
    this.element = html('div', { class: 'overview', hidden: true }, this.caption, this.strip, this.table);
    this.table.addEventListener('toggle', () => this.#fill());
    this.strip.addEventListener('keydown', (event) => this.#key(event));
    this.strip.addEventListener('pointerdown', (event) => this.#grab(event));
    this.strip.addEventListener('pointermove', (event) => { if (this.held) this.#go(event); });
    for (const end of ['pointerup', 'pointercancel']) this.strip.addEventListener(end, () => { this.held = false; });
  }

  // leader is the lane whose steps the page counts; where all lanes count the same
  // it is a long one.
  get leader() {
    const { leader } = this.line.player.alignment;
    return leader?.overview ? leader : this.lanes[0];
  }

  // build draws the runs, when they, the axis or the focus are others than before.
  #build() {
    const { line } = this;
    const { axis } = line.player;
    this.lanes = line.lanes.filter((lane) => lane.overview);
    this.element.hidden = this.lanes.length === 0;
    const key = [axis, ...this.lanes.map((lane) => `${lane.id}${lane.scenario}${lane.steps}`)].join(' ');
    if (key === this.drawn) return;
    this.drawn = key;
    this.axis = axis;
    if (this.lanes.length === 0) return;
    this.extent = Math.max(...this.lanes.map((lane) => extentOf(lane, axis)));
    const bands = this.lanes.map((lane) => rowsOf(lane, axis));
    const height = bands.flat().length * rowHeight + (bands.length - 1) * 2;
    let y = 0;
    const drawn = [];
    this.bands = this.lanes.map((lane, i) => {
      const top = y;
      const wide = (1000 * extentOf(lane, axis)) / this.extent / lane.overview.columns;
      for (const { name, classes, shares } of bands[i]) {
        drawn.push(svg('path', { class: classes, d: areaOf(shares, wide, y + rowHeight - 0.5) }, svg('title', {}, name)));
        y += rowHeight;
      }
      y += 2;
      const place = html('div', { class: 'place' });
      const at = html('div', { class: 'at' });
      for (const mark of [place, at]) Object.assign(mark.style, { top: `${(100 * top) / height}%`, height: `${(100 * (y - 2 - top)) / height}%` });
      return { lane, top: top / height, bottom: y / height, place, at };
    });
    set(this.picture, { viewBox: `0 0 1000 ${height}` });
    this.strip.style.height = `${Math.min(most, height)}px`;
    this.picture.replaceChildren(...drawn);
    this.marks.replaceChildren(...this.bands.flatMap(({ place, at }) => [place, at]));
    this.caption.textContent = `${word(`timeline.overview.${axis}`)} · ${word(`provenance.${this.lanes[0].head.provenance}`)}`;
    set(this.strip, { 'aria-label': word(`timeline.overview.${axis}`) });
    this.#fill();
  }

  // update marks the windows and the step.
  update() {
    this.#build();
    if (this.element.hidden) return;
    const { player } = this.line;
    for (const { lane, place, at } of this.bands) {
      const [from, to] = [beginOf(lane, this.axis), endOf(lane, this.axis)];
      place.style.left = `${(50 * (from + to)) / this.extent}%`; // its middle
      place.style.width = `${(100 * (to - from)) / this.extent}%`;
      at.style.left = `${(100 * this.#valueOf(lane, player.targetOf(lane))) / this.extent}%`;
    }
    const step = player.targetOf(this.leader);
    set(this.strip, { 'aria-valuemax': this.leader.steps, 'aria-valuenow': step,
      'aria-valuetext': word('timeline.overview.at', { Lane: this.leader.id.toUpperCase(), Step: count(step), Last: count(this.leader.steps), Time: time(this.#timeOf(this.leader, step)) }) });
  }

  #valueOf(lane, step) { return this.axis === 'steps' ? step : this.#timeOf(lane, step); }

  // timeOf is when a step begins: of one that the page does not have, as exactly as
  // the columns tell.
  #timeOf(lane, step) { return lane.event(step)?.at_ns ?? timeAt(lane.overview, step, lane.steps); }

  // lead goes to where a lane is at a place of the axis.
  #lead(lane, value) {
    const at = Math.max(0, Math.min(this.extent, value));
    const step = this.axis === 'steps' ? at : stepAt(lane.overview, at, lane.steps);
    this.line.player.seek(Math.max(0, Math.min(lane.steps, Math.round(step))));
  }

  #key(event) {
    const by = { ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: -0.1, PageDown: 0.1, Home: -Infinity, End: Infinity }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !by) return;
    event.preventDefault();
    const lane = this.leader;
    const step = this.line.player.targetOf(lane);
    if (Math.abs(by) === Infinity) this.line.player.seek(by < 0 ? 0 : lane.steps);
    else this.#lead(lane, this.#valueOf(lane, step) + by * this.extent);
  }

  #grab(event) {
    if (event.button > 0) return;
    this.held = true;
    this.strip.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.strip.focus({ preventScroll: true });
    this.#go(event);
  }

  // Where lanes are matched by steps, the lane under the pointer is asked for.
  #go(event) {
    const box = this.strip.getBoundingClientRect();
    const y = (event.clientY - box.top) / box.height;
    const band = this.bands.find(({ top, bottom }) => y >= top && y < bottom);
    const follows = this.line.player.alignment.leader !== undefined;
    this.#lead((!follows && band?.lane) || this.leader, ((event.clientX - box.left) / box.width) * this.extent);
  }

  // fill writes the table, once it is open: the columns by twenties.
  #fill() {
    if (!this.table.open || !(this.lanes?.length > 0)) return;
    const summary = this.table.firstElementChild;
    this.table.replaceChildren(summary, ...this.lanes.map((lane) => tableOf(lane, this.axis)));
  }
}

const extentOf = (lane, axis) => (axis === 'steps' ? lane.steps : lane.overview.end_ns);

// rowsOf are the rows of a lane, each with its shares of a column: of its time, of
// its events.
function rowsOf(lane, axis) {
  const { busy, events, boundaries, columns } = lane.overview;
  const perColumn = lane.steps / columns;
  const figures = axis === 'steps' ? events : busy;
  const rows = tracksOf(lane).filter((actor) => figures[actor]).map((actor) => ({
    actor, name: nameOf(lane, actor), classes: `busy ${actor}`, figures: figures[actor], shares: figures[actor].map((n) => n / (axis === 'steps' ? perColumn : 1000)),
  }));
  if (axis !== 'steps') return rows;
  return [...rows, { name: `${lane.id.toUpperCase()} ${word('timeline.overview.calls')}`, classes: 'busy calls', figures: boundaries, shares: boundaries.map((n) => n / perColumn) }];
}

const nameOf = (lane, actor) => `${lane.id.toUpperCase()} ${actor === 'receiver' ? word('scope.place.receiver') : first([`actor.${actor}`])}`;

// areaOf is the outline of a row that stands on y.
function areaOf(shares, wide, y) {
  let d = `M0 ${y}`;
  let before = 0;
  shares.forEach((share, i) => {
    const high = share > 0 ? Math.max(least, Math.min(1, share)) * (rowHeight - 1) : 0;
    if (high !== before) d += `H${(i * wide).toFixed(1)}V${(y - high).toFixed(2)}`;
    before = high;
  });
  return `${d}H${(shares.length * wide).toFixed(1)}V${y}Z`;
}

// timeAt is when a step begins and stepAt how many steps have begun at a time, even
// within a column.
function timeAt({ begun, columns, end_ns: end }, step, steps) {
  let c = 0;
  while (c + 1 < columns && begun[c + 1] < step) c += 1;
  const next = begun[c + 1] ?? steps;
  const within = next > begun[c] ? Math.max(0, Math.min(1, (step - begun[c]) / (next - begun[c]))) : 0;
  return ((c + within) * end) / columns;
}

function stepAt({ begun, columns, end_ns: end }, at, steps) {
  const c = Math.min(columns - 1, Math.floor((at / end) * columns));
  const next = begun[c + 1] ?? steps;
  return begun[c] + ((at / end) * columns - c) * (next - begun[c]);
}

function tableOf(lane, axis) {
  const rows = rowsOf(lane, axis);
  const { columns } = lane.overview;
  const extent = extentOf(lane, axis);
  const say = (column) => (axis === 'steps' ? count(Math.round((column * extent) / columns)) : time((column * extent) / columns));
  const body = [];
  for (let part = 0; part < parts; part += 1) {
    const [from, to] = [(part * columns) / parts, ((part + 1) * columns) / parts];
    const cell = ({ figures }) => {
      const sum = figures.slice(from, to).reduce((all, n) => all + n, 0);
      return axis === 'steps' ? count(sum) : `${count(Math.round(sum / (to - from) / 10))} %`;
    };
    body.push(html('tr', {}, html('th', { scope: 'row' }, word('timeline.shown', { From: say(from), To: say(to) })), ...rows.map((row) => html('td', { class: 'num' }, cell(row)))));
  }
  return html('table', {}, html('caption', {}, `${word(`timeline.overview.${axis}`)} · ${lane.head.title} · ${word(`provenance.${lane.head.provenance}`)}`),
    html('thead', {}, html('tr', {}, html('th', { scope: 'col' }, word('timeline.overview.part')), ...rows.map(({ name }) => html('th', { scope: 'col', class: 'num' }, name)))), html('tbody', {}, ...body));
}
