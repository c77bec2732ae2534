// Draws one lane's machine: three bands, the places, and what the step does.
// The drawing is a function of the lane, the lane's step and the layout.
import { layouts, way } from './geometry.js';
import { routeOf } from './lane.js';
import { moved, play } from './motion.js';
import { narrowScreen, reveal } from './screen.js';
import { cells, fileSquares, gauge, queue } from './placecell.js';
import { Inside } from './inside.js';
import { set, svg } from './svg.js';
import { count, size, time } from './format.js';
import { family, linesOf, writeLines } from './lines.js';
import { fillListing } from './listing.js';
import { first, has, word } from './words.js';

export class Machine {
  // host is the element that holds the drawing; redraw has the lane rendered anew.
  constructor(host, redraw) {
    this.host = host;
    this.inside = new Inside(host, redraw, (place) => this.places[place].group);
    narrowScreen.addEventListener('change', () => {
      this.build();
      redraw();
    });
    this.build();
  }

  build() {
    this.layout = narrowScreen.matches ? layouts.narrow : layouts.wide;
    this.font = `${this.layout.font}px ${family}`; // of words that are broken to fit
    const { width, height } = this.layout;
    this.hatch = `hatch-${this.host.id}`;
    this.dark = svg('g', { class: 'dark' });
    this.moves = svg('g', { class: 'moves' });
    this.labels = svg('g', { class: 'labels' });
    this.listing = svg('g', { class: 'program' });
    this.mode = svg('g', { class: 'mode' });
    this.switches = svg('text', { class: 'small switches', x: this.layout.switches.x, y: this.layout.switches.y, 'text-anchor': this.layout.switches.anchor });
    this.places = {};
    this.engines = {};
    const boxes = svg('g', { class: 'places' });
    for (const [name, box] of Object.entries(this.layout.places)) {
      this.places[name] = place(name, box);
      if (!box.bare && name !== 'cpu') this.inside.opens(this.places[name].group, name);
      boxes.append(this.places[name].group);
    }
    for (const [name, box] of Object.entries(this.layout.engines)) {
      this.engines[name] = engine(name, box);
      boxes.append(this.engines[name]);
    }
    this.cpuSign = svg('path', { class: 'sign' });
    this.places.cpu.group.append(this.cpuSign);
    this.root = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: `machine ${this.layout.name}`, 'font-family': family, role: 'group' },
      svg('defs', {}, ...['cpu-copy', 'dma', 'descriptor', 'pio', 'mode-switch', 'interrupt', 'other'].map(head), hatching(this.hatch)),
      ...Object.entries(this.layout.bands).map(([name, ends]) => band(name, ends, width)),
      svg('line', { class: 'border', x1: 0, x2: width, y1: this.layout.bands.user[1], y2: this.layout.bands.user[1] }),
      this.listing, this.dark, this.moves, boxes, this.mode, this.switches, this.labels);
    this.host.replaceChildren(this.root, this.inside.element);
  }

  // render shows the lane after its step; over says that the step has passed,
  // because the lane has finished; animate plays the step's motion for so many
  // milliseconds.
  render(lane, step, over, animate = 0) {
    const event = lane.event(step);
    const now = over ? null : event;
    const beside = now ? lane.moving(step).filter((other) => !sameWay(other, now) && way(this.layout, other)) : [];
    this.unmark();
    fillListing(this.listing, this.layout.listing, lane.head?.listing ?? [], now?.open, this.layout.font);
    this.fillPlaces(lane, step, now);
    this.fillCPU(now);
    this.fillEngines(lane, [now, ...beside]);
    this.drawMode(lane, step, now);
    this.drawDark(lane);
    this.drawDone(lane, step, [now, ...beside]);
    const still = beside.map((other) => this.drawBeside(other));
    const moving = event ? this.drawNow(lane, event, step, over) : null;
    set(this.root, { 'aria-label': event ? event.say : word('scope.machine.start') });
    this.inside.render(lane, step);
    if (step !== (this.step ?? step)) requestAnimationFrame(() => reveal(this.root)); // when what stands above it is drawn
    this.step = step;
    if (over || animate <= 0) return;
    still.forEach((group, i) => play(group, beside[i].kind, animate));
    if (moving) play(moving, event.kind, animate);
  }

  unmark() {
    for (const element of this.root.querySelectorAll('[data-step]')) {
      for (const name of marks) element.removeAttribute(name);
    }
  }

  // drawNow shows the step itself, at full strength unless it is over, and
  // returns what moves.
  drawNow(lane, event, step, over) {
    const subject = subjectOf(event, this.layout);
    const strength = over ? 'done' : 'now';
    if (subject === 'way') {
      const path = way(this.layout, event);
      const group = moved(path, event, strength);
      this.moves.append(group);
      mark(group, event, step);
      if (!over) this.labels.append(this.label(path.label, labelOf(event), event.kind));
      return group;
    }
    if (subject === 'crossing') {
      const group = this.crossing(event, strength);
      this.moves.append(group);
      if (!over) this.labels.append(this.label(this.layout.crossing.label, labelOf(event), event.kind));
      mark(group, event, step);
      return group;
    }
    const box = subject === 'listing' ? this.listing : (this.places[event.to]?.group ?? this.places[event.from]?.group ?? this.places.cpu.group);
    mark(box, event, step);
    return null;
  }

  // drawBeside shows a move that began earlier and is still under way.
  drawBeside(event) {
    const path = way(this.layout, event);
    const group = moved(path, event, 'moving');
    this.moves.append(group);
    this.labels.append(this.label(path.label, word('scope.label.moving', { Label: labelOf(event) }), event.kind));
    return group;
  }

  // drawDone shows the ways that earlier steps used, at a third of the
  // strength, except those that are drawn otherwise.
  drawDone(lane, step, drawn) {
    this.moves.replaceChildren();
    this.labels.replaceChildren();
    for (const used of lane.seen.values()) {
      if (used.step >= step || drawn.some((event) => event && sameWay(used.event, event))) continue;
      if (subjectOf(used.event, this.layout) === 'way') this.moves.append(moved(way(this.layout, used.event), used.event, 'done'));
    }
  }

  // crossing is a mode switch: an arrow through the border.
  crossing(event, strength) {
    const { x, top, bottom } = this.layout.crossing;
    const enters = event.to === 'kernel-mode';
    const d = enters ? `M${x} ${top}V${bottom}` : `M${x} ${bottom}V${top}`;
    return svg('g', { class: `move ${strength} mode-switch` },
      svg('path', { class: 'trail', d, 'marker-end': 'url(#head-mode-switch)' }),
      svg('circle', { class: 'shape', cx: x, cy: this.layout.bands.user[1], r: 6 }));
  }

  fillPlaces(lane, step, event) {
    const uses = new Set(lane.head?.uses ?? []);
    for (const [name, drawn] of Object.entries(this.places)) {
      const used = uses.has(name) || name === 'cpu';
      const touched = event && name !== 'cpu' && endsOf(event).includes(name);
      drawn.group.setAttribute('class', ['place', name, used ? '' : 'unused', drawn.box.bare ? 'bare' : ''].filter(Boolean).join(' '));
      set(drawn.group, { 'data-touched': touched ? event.kind : null });
      if (name === 'cpu' || drawn.box.bare) continue;
      if (!used) {
        drawn.cells.replaceChildren();
        drawn.note.textContent = lane.head ? word('scope.place.unused') : '';
        continue;
      }
      const holds = lane.holds(name, step);
      drawn.cells.replaceChildren(...(lane.head ? this.fill(lane, name, drawn.box, step, event, holds) : []));
      this.tell(drawn.note, holds ? this.note(lane, name, drawn.box, holds) : [], drawn.box);
    }
  }

  // fill draws what is in a place: the pages of the file, the entries of a
  // device's queue, bytes and references.
  fill(lane, name, box, step, event, holds) {
    if (name === 'page-cache' && lane.head.pages) return fileSquares(lane, step, box, event);
    if (name === 'nic-ring') return queue(lane, name, step, box, this.layout.cells);
    const requests = name === 'disk' ? queue(lane, name, step, box, this.layout.cells) : [];
    if (!holds) return requests;
    const queues = name === 'socket-buffer' || name === 'pipe';
    return [...requests, ...cells(box, this.layout.cells, holds, name), ...(queues ? gauge(box, holds) : [])];
  }

  // tell writes what fits a box; where the words have to be broken for that, each of
  // the parts begins a line.
  tell(text, parts, box, upwards = true) {
    const { font } = this.layout;
    const lines = (part) => linesOf(part, box.w - 14, this.font);
    const whole = parts.join(' · ');
    if (box.aside || lines(whole).length < 2) text.textContent = whole;
    else writeLines(text, parts.flatMap(lines), font + 1, upwards);
    return text;
  }

  label([x, y, anchor, width], text, kind) {
    const element = svg('text', { class: `label ${kind}`, x, y, 'text-anchor': anchor }, text);
    if (width) this.tell(element, [text], { w: width + 14 });
    return element;
  }

  // note tells how much is in a place, and in a queue also the most that it held in
  // this run, which its bar is measured by, where both fit into a line above the
  // squares: it is no capacity.
  note(lane, name, box, holds) {
    const { own, lent, room } = holds;
    const lends = lent > 0 ? word('scope.place.lent', { Bytes: size(lent) }) : '';
    const bytes = lends && own > 0 ? `${size(own)} + ${lends}` : lends || size(own);
    if (name === 'page-cache' && lane.head.pages?.squares.length > 0) {
      return [bytes, word('drawing.square', { Count: lane.head.pages.squares[0].n })];
    }
    if (name === 'nic-ring') return [word('drawing.sent', { Bytes: bytes })];
    const peak = word('drawing.peak', { Bytes: size(room) });
    const queue = name === 'socket-buffer' || name === 'pipe';
    return queue && linesOf(`${bytes} · ${peak}`, box.w - 14, this.font).length < 2 ? [bytes, peak] : [bytes];
  }

  // fillCPU tells what the CPU does. A call is no work in itself: its span
  // encloses waiting too. What is derived has no time of its own.
  fillCPU(event) {
    const { group, note, title } = this.places.cpu;
    const state = event?.cpu_state ?? 'free';
    set(group, { 'data-cpu': state });
    set(this.cpuSign, { d: cpuSigns[state](this.layout.places.cpu), class: `sign ${state}` });
    const { cpu } = this.layout.places;
    this.tell(title, [word(`scope.cpu.${state}`, { Call: event?.syscall ?? '' })], { w: cpu.w - 16 }, false);
    if (!event) {
      note.textContent = '';
      return;
    }
    if (state === 'call') {
      note.textContent = event.cpu_ns > 0 ? word('scope.cpu.time', { Time: time(event.cpu_ns) }) : '';
      return;
    }
    const ids = [`scope.cpu.${state}.${event.kind}.${event.detail}`, `scope.cpu.${state}.${event.kind}`, `scope.cpu.${state}.all`];
    const lasts = event.dur_ns > 0 && event.provenance !== 'derived' && state !== 'also' ? time(event.dur_ns) : '';
    const parts = [ids.some(has) ? first(ids) : '', lasts].filter(Boolean);
    this.tell(note, parts, cpu);
  }

  fillEngines(lane, events) {
    for (const [name, group] of Object.entries(this.engines)) {
      const works = events.some((event) => event?.actor === name);
      const absent = lane.head && !lane.head.actors.includes(name);
      group.setAttribute('class', `engine ${works ? 'works' : ''} ${absent ? 'unused' : ''}`.trim());
    }
  }

  // drawMode puts the CPU into its band; an interrupt's handler, and the softirq
  // that it leaves work to, run in the kernel, whatever they found running.
  drawMode(lane, step, event) {
    const { x, user, kernel, r } = this.layout.mode;
    const inKernel = event?.kind === 'interrupt' || ['softirq', 'napi', 'napi-full'].includes(event?.detail) || lane.mode(step) === 'kernel-mode';
    this.mode.replaceChildren(
      svg('circle', { class: 'token', cx: x, cy: inKernel ? kernel : user, r }),
      svg('text', { class: 'token-text', x, y: (inKernel ? kernel : user) + 5, 'text-anchor': 'middle' }, 'CPU'));
    const at = lane.count('mode_switches', step);
    const end = lane.count('mode_switches', lane.steps);
    this.switches.textContent = at && at.value !== null ? word('scope.machine.switches', { At: count(at.value), End: lane.head.total > lane.head.shown || lane.whole > 0 ? '?' : count(end.value) }) : '';
  }

  // drawDark hatches the legs that a measured run cannot observe, with the
  // reason.
  drawDark(lane) {
    this.dark.replaceChildren(...(lane.head?.dark ?? []).map(({ from, to, engine: name, label: text, reason }) => {
      const { x, y, w, h } = this.layout.engines[name];
      return svg('g', { class: 'unseen', 'data-dark': `${from} ${to}`, tabindex: 0, role: 'img', 'aria-label': reason },
        svg('title', {}, reason),
        svg('path', { class: 'hatched', d: way(this.layout, { kind: 'dma', from, to }).d, stroke: `url(#${this.hatch})` }),
        svg('rect', { x: x - 5, y: y - 5, width: w + 10, height: h + 10, rx: 19, fill: 'none', stroke: `url(#${this.hatch})`, 'stroke-width': 9 }),
        svg('text', { class: 'small', x: x + w / 2, y: y + h + 22, 'text-anchor': 'middle' }, text));
    }));
  }
}

// cpuSigns tell the CPU's state by shape: a full square works, a ring is free, two
// bars wait, a square with a square inside is in a call.
const sign = ({ x, y, w }) => [x + w - 10, y - 8]; // on the corner of the box
const busySign = (box) => {
  const [x, y] = sign(box);
  return `M${x} ${y}h16v16h-16z`;
};
const freeSign = (box) => {
  const [x, y] = sign(box);
  return `M${x} ${y + 8}a8 8 0 1 0 16 0a8 8 0 1 0 -16 0`;
};
const cpuSigns = {
  busy: busySign,
  also: busySign,
  call: (box) => {
    const [x, y] = sign(box);
    return `M${x} ${y}h16v16h-16zM${x + 5} ${y + 5}h6v6h-6z`;
  },
  free: freeSign,
  wait: (box) => {
    const [x, y] = sign(box);
    return `M${x + 2} ${y}h4v16h-4zM${x + 10} ${y}h4v16h-4z`;
  },
};

const marks = ['data-kind', 'data-from', 'data-to', 'data-bytes', 'data-step', 'data-endpoint', 'data-detail'];

// mark ties an element to the event that it shows.
function mark(element, event, step) {
  set(element, {
    'data-kind': event.kind, 'data-from': event.from ?? '', 'data-to': event.to ?? '', 'data-bytes': event.bytes, 'data-step': step, 'data-endpoint': event.endpoint, 'data-detail': event.detail ?? null,
  });
}

// subjectOf tells what shows an event: a way between places, the border, the
// program's line, or a place.
function subjectOf(event, layout) {
  if (event.kind === 'mode-switch') return 'crossing';
  if (event.kind === 'syscall') return 'listing';
  if (event.from && event.to && way(layout, event)) return 'way';
  return 'place';
}

// endsOf are the places that an event touches; what the receiver reads goes
// into its own memory.
function endsOf(event) {
  return event.endpoint === 'receiver' ? [event.from, 'receiver'] : [event.from, event.to];
}

const sameWay = (a, b) => routeOf(a) === routeOf(b);

function labelOf(event) {
  const keys = [`scope.label.${event.kind}.${event.detail}`, `scope.label.${event.kind}`, `kind.${event.kind}`];
  return first(keys, { Bytes: size(event.bytes), Call: event.syscall ?? '', N: count(event.n ?? 1) });
}

function place(name, box) {
  const middle = box.h <= 50;
  const title = svg('text', { class: 'title', x: box.x + 10, y: box.y + (middle ? 16 : 18) }, box.bare ? '' : first([`scope.place.${name}`, `place.${name}`]));
  const note = svg('text', middle
    ? { class: 'small', x: box.x + box.w - 8, y: box.y + (box.aside ? box.h - 8 : 16), 'text-anchor': 'end' }
    : { class: 'small', x: box.x + 10, y: box.y + box.h - (box.h > 60 ? 10 : 8) });
  const cellsGroup = svg('g', { class: 'cells' });
  const frame = box.bare
    ? svg('path', { class: 'box', d: `M${box.x} ${box.y + box.h / 2}h${box.w}` })
    : svg('rect', { class: 'box', x: box.x, y: box.y, width: box.w, height: box.h, rx: 7 });
  const group = svg('g', { class: `place ${name}`, 'data-place': name }, frame, title, cellsGroup, note);
  return { box, group, title, note, cells: cellsGroup };
}

function engine(name, box) {
  return svg('g', { class: 'engine', 'data-engine': name },
    svg('rect', { class: 'box', x: box.x, y: box.y, width: box.w, height: box.h, rx: box.h / 2 }),
    svg('text', { x: box.x + box.w / 2, y: box.y + box.h / 2 + 4, 'text-anchor': 'middle' }, word(`actor.${name}`)));
}

function band(name, [from, to, anchor = 'start'], width) {
  return svg('g', { class: `band ${name}` },
    svg('rect', { x: 0, y: from, width, height: to - from }),
    svg('text', { class: 'small', x: anchor === 'end' ? width - 8 : 8, y: from + 16, 'text-anchor': anchor }, word(`scope.band.${name}`)));
}

function head(kind) {
  return svg('marker', { id: `head-${kind}`, class: `head ${kind}`, markerUnits: 'userSpaceOnUse', markerWidth: 16, markerHeight: 14, refX: 10, refY: 7, orient: 'auto' },
    svg('path', { d: 'M0 0 14 7 0 14Z' }));
}

function hatching(id) {
  return svg('pattern', { id, class: 'hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('line', { x1: 0, x2: 0, y1: 0, y2: 7 }));
}
