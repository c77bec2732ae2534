// Shows what the speaker points at and draws. On a narrow screen drawings are
// arranged otherwise, so strokes over them would lie: there only the pointer is
// shown, at the place that it names.
import { svg } from '../scope/svg.js';
import { narrowScreen } from '../scope/screen.js';
import { find, pointOf } from './regions.js';

export class Ink {
  constructor(sheet) {
    this.sheet = sheet;
    this.host = sheet.querySelector('[data-part="ink"]');
    this.strokes = svg('g', { class: 'strokes' });
    this.dot = svg('g', { class: 'laser', hidden: '' }, svg('circle', { r: 16, class: 'glow' }), svg('circle', { r: 6 }));
    this.host.replaceChildren(this.strokes, this.dot);
    this.pieces = new Map();
    this.epoch = -1;
    this.pointer = { on: false };
    new ResizeObserver(() => this.draw()).observe(sheet);
  }

  // wipe begins another epoch; pieces before first are no longer kept.
  wipe({ epoch, first }) {
    if (epoch !== this.epoch) this.pieces.clear();
    this.epoch = epoch;
    for (const number of this.pieces.keys()) if (number < first) this.pieces.delete(number);
    this.draw();
  }

  add(piece) {
    if (piece.epoch !== this.epoch) return;
    this.pieces.set(piece.number, piece);
    this.#piece(piece);
  }

  point(pointer) {
    this.pointer = pointer;
    this.#point();
  }

  draw() {
    this.strokes.replaceChildren();
    for (const piece of this.pieces.values()) this.#piece(piece);
    this.#point();
  }

  #place(at, point) {
    const element = find(this.sheet, at);
    if (!element) return null;
    const [x, y] = pointOf(element, point);
    const box = this.host.getBoundingClientRect();
    return [x - box.left, y - box.top];
  }

  #piece({ points, at }) {
    if (narrowScreen.matches && at !== 'text') return;
    const places = [];
    for (let i = 0; i < points.length; i += 2) {
      const place = this.#place(at, [points[i], points[i + 1]]);
      if (place) places.push(place.map((v) => v.toFixed(1)).join(' '));
    }
    if (places.length > 0) this.strokes.append(svg('path', { d: `M${places.join('L')}${places.length === 1 ? 'h.1' : ''}` }));
  }

  #point() {
    const { on, x, y, at } = this.pointer;
    const place = on ? this.#place(at, [x, y]) : null;
    this.dot.toggleAttribute('hidden', !place);
    if (place) this.dot.setAttribute('transform', `translate(${place[0].toFixed(1)} ${place[1].toFixed(1)})`);
  }
}
