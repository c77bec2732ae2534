// Shows what the speaker points at and draws. On a narrow screen drawings are
// arranged otherwise: strokes over them go along with the places. The counts are a
// strip there, on which a stroke would lie.
import { svg } from '../scope/svg.js';
import { narrowScreen } from '../scope/screen.js';
import { find, pointOf } from './regions.js';
import { warp } from './warp.js';

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
    if (narrowScreen.matches) this.draw(); // where it goes is told by the whole stroke
    else this.#stroke(piece.at, pairs(piece.points));
  }

  point(pointer) {
    this.pointer = pointer;
    this.#point();
  }

  draw() {
    this.strokes.replaceChildren();
    for (const { at, points } of this.#joined()) this.#stroke(at, points);
    this.#point();
  }

  #place(at, point) {
    const element = find(this.sheet, at);
    if (!element) return null;
    const [x, y] = pointOf(element, point);
    const box = this.host.getBoundingClientRect();
    return [x - box.left, y - box.top];
  }

  // joined are the strokes: a piece that begins where the one before ends goes on.
  #joined() {
    const strokes = [];
    for (const { at, points } of this.pieces.values()) {
      const last = strokes.at(-1);
      const piece = pairs(points);
      if (last?.at === at && String(last.points.at(-1)) === String(piece[0])) last.points.push(...piece.slice(1));
      else strokes.push({ at, points: piece });
    }
    return strokes;
  }

  #stroke(at, points) {
    const drawing = /^lane-[a-d]$/.test(at);
    if (narrowScreen.matches && at !== 'text' && !drawing) return;
    const shown = narrowScreen.matches && drawing ? warp(points) : points;
    const places = shown.map((point) => this.#place(at, point)).filter(Boolean).map((place) => place.map((v) => v.toFixed(1)).join(' '));
    if (places.length > 0) this.strokes.append(svg('path', { d: `M${places.join('L')}${places.length === 1 ? 'h.1' : ''}` }));
  }

  #point() {
    const { on, x, y, at } = this.pointer;
    const place = on ? this.#place(at, [x, y]) : null;
    this.dot.toggleAttribute('hidden', !place);
    if (place) this.dot.setAttribute('transform', `translate(${place[0].toFixed(1)} ${place[1].toFixed(1)})`);
  }
}

// pairs are points, which travel as x, y, x, y.
function pairs(points) {
  return Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
}
