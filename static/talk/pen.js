// The speaker's pointer and pen: what the mouse does over the slide is sent to the
// room, as often as eyes can follow.
import { narrowScreen } from '../scope/screen.js';
import { nameOf, partOf } from './regions.js';

const pointEvery = 33; // ms
const drawEvery = 70; // ms
const piecePoints = 48;

export class Pen {
  // send(type, body) sends to the room; tool is '', pointer or pen.
  constructor(sheet, send) {
    this.sheet = sheet;
    this.send = send;
    this.tool = '';
    this.stroke = null;
    this.at = 0;
    sheet.addEventListener('pointermove', (event) => this.#move(event));
    sheet.addEventListener('pointerleave', () => this.#hide());
    sheet.addEventListener('pointerdown', (event) => this.#down(event));
    for (const end of ['pointerup', 'pointercancel']) sheet.addEventListener(end, () => this.#up());
  }

  use(tool) {
    this.#up();
    this.#hide();
    this.tool = this.tool === tool ? '' : tool;
    return this.tool;
  }

  #hide() {
    if (this.pointing) this.send('talk.point', { on: false });
    this.pointing = false;
  }

  #move(event) {
    const now = performance.now();
    if (this.tool === 'pointer' && now - this.at >= pointEvery) {
      const { at, element } = nameOf(this.sheet, event.clientX, event.clientY, true);
      const [x, y] = partOf(element, event.clientX, event.clientY);
      this.at = now;
      this.pointing = true;
      this.send('talk.point', { on: true, x, y, at });
    }
    if (this.stroke) this.#draw(event);
  }

  #down(event) {
    if (this.tool !== 'pen' || event.button !== 0 || narrowScreen.matches) return;
    event.preventDefault();
    this.sheet.setPointerCapture(event.pointerId);
    const { at, element } = nameOf(this.sheet, event.clientX, event.clientY, false);
    this.stroke = { at, element, points: partOf(element, event.clientX, event.clientY) };
    this.at = performance.now();
  }

  #draw(event) {
    const { stroke } = this;
    for (const one of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(...partOf(stroke.element, one.clientX, one.clientY));
    if (stroke.points.length >= 2 * piecePoints || performance.now() - this.at >= drawEvery) this.#flush();
  }

  // flush sends the stroke so far; the next piece begins where it ends.
  #flush() {
    const { stroke } = this;
    this.at = performance.now();
    while (stroke.points.length > 2) {
      const points = stroke.points.slice(0, 2 * piecePoints);
      this.send('talk.draw', { at: stroke.at, points });
      stroke.points = stroke.points.slice(points.length - 2);
    }
  }

  #up() {
    if (!this.stroke) return;
    if (this.stroke.points.length === 2) this.send('talk.draw', { at: this.stroke.at, points: this.stroke.points });
    else this.#flush();
    this.stroke = null;
  }
}
