// The whole run in small, with the part that the timeline shows: a window that
// is dragged, or moved and sized by keys.
import { barsOf, tracksOf } from './tracks.js';
import { html, set, svg } from './svg.js';
import { time } from './format.js';
import { word } from './words.js';

const rowHeight = 3;

export class Minimap {
  constructor(line) {
    this.line = line;
    this.window = html('div', { class: 'window', role: 'slider', tabindex: 0, 'aria-label': word('timeline.window'), 'aria-valuemin': 0, 'aria-valuemax': 100 });
    this.picture = svg('svg', { 'aria-hidden': 'true', preserveAspectRatio: 'none' });
    this.cursor = html('div', { class: 'at' });
    this.element = html('div', { class: 'minimap' }, this.picture, this.cursor, this.window);
    this.window.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('pointerdown', (event) => this.#grab(event));
    this.element.addEventListener('pointermove', (event) => this.#drag(event));
    for (const end of ['pointerup', 'pointercancel']) this.element.addEventListener(end, () => { this.held = null; });
  }

  // build draws the whole run, when it is another one than before.
  build() {
    const { line } = this;
    const width = line.right - line.left;
    const key = [width, line.player.axis, line.origin, line.extent, ...line.lanes.map((lane) => `${lane.id}${lane.scenario}${lane.steps}`)].join(' ');
    if (key === this.drawn) return;
    this.drawn = key;
    const whole = { spans: (lane) => line.spans(lane), x: (value) => ((value - line.origin) / line.extent) * width, left: 0, right: width };
    let y = 1;
    const parts = [];
    for (const lane of line.lanes) {
      for (const actor of tracksOf(lane)) {
        for (const { kind, x1, x2 } of barsOf(whole, lane, actor, false)) {
          parts.push(svg('rect', { class: `bar ${kind}`, x: x1, y, width: Math.max(1, x2 - x1), height: rowHeight - 1 }));
        }
        y += rowHeight;
      }
      y += 1;
    }
    set(this.picture, { viewBox: `0 0 ${width} ${Math.max(y, 4)}` });
    this.picture.replaceChildren(...parts);
  }

  update() {
    const { line } = this;
    const { from, to } = line.view;
    this.element.hidden = line.lanes.length === 0;
    this.window.style.left = `${from * 100}%`;
    this.window.style.width = `${(to - from) * 100}%`;
    const say = (share) => (line.player.axis === 'time' ? time(line.origin + share * line.extent) : String(Math.round(line.origin + share * line.extent)));
    set(this.window, { 'aria-valuenow': Math.round(from * 100), 'aria-valuetext': word('timeline.shown', { From: say(from), To: say(to) }) });
    this.cursor.style.left = `${line.cursorShare() * 100}%`;
  }

  #key(event) {
    const { line } = this;
    const acts = {
      ArrowLeft: () => line.pan(-0.1), ArrowRight: () => line.pan(0.1), PageUp: () => line.pan(-1), PageDown: () => line.pan(1),
      ArrowUp: () => line.zoom(0.7, middle(line.view)), ArrowDown: () => line.zoom(1 / 0.7, middle(line.view)),
      '+': () => line.zoom(0.7, middle(line.view)), '-': () => line.zoom(1 / 0.7, middle(line.view)),
      Home: () => line.move(0, line.view.to - line.view.from), End: () => line.move(1, line.view.to - line.view.from),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  #share(event) {
    const box = this.element.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  }

  // Outside the window the click brings the window there; its edges size it.
  #grab(event) {
    if (event.button > 0) return;
    const { line } = this;
    const at = this.#share(event);
    const { from, to } = line.view;
    const edge = 8 / this.element.clientWidth;
    const near = (value) => Math.abs(at - value) < edge;
    if (at < from - edge || at > to + edge) line.move(at - (to - from) / 2, to - from);
    this.held = { at, ...line.view, part: near(from) && to - from > 3 * edge ? 'from' : near(to) && to - from > 3 * edge ? 'to' : 'all' };
    this.element.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.window.focus({ preventScroll: true });
  }

  #drag(event) {
    if (!this.held) return;
    const { at, from, to, part } = this.held;
    const by = this.#share(event) - at;
    const { line } = this;
    const smallest = 1e-4;
    if (part === 'all') this.#show(from + by, to - from);
    else if (part === 'from') this.#show(Math.max(0, Math.min(from + by, to - smallest)), to - Math.max(0, Math.min(from + by, to - smallest)));
    else this.#show(from, Math.min(1, Math.max(to + by, from + smallest)) - from);
    line.later();
  }

  #show(from, span) {
    const left = Math.max(0, Math.min(1 - span, from));
    this.line.view = { from: left, to: left + span };
  }
}

const middle = ({ from, to }) => (from + to) / 2;
