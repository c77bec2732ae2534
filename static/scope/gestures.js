// What hands do on the tracks: a click goes to an event, a drag moves the view,
// with Shift it chooses a range, two fingers zoom, and so does the wheel.
const slack = 5; // px that a click may move

export class Gestures {
  constructor(host, line) {
    this.host = host;
    this.line = line;
    this.points = new Map(); // pointers that are down, by id
    host.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    host.addEventListener('pointerdown', (event) => this.#down(event));
    host.addEventListener('pointermove', (event) => this.#move(event));
    host.addEventListener('pointerup', (event) => this.#up(event, true));
    host.addEventListener('pointercancel', (event) => this.#up(event, false));
  }

  #at(event) {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #down(event) {
    if (event.button > 0) return;
    this.points.set(event.pointerId, this.#at(event));
    this.host.setPointerCapture(event.pointerId);
    this.#begin(event.shiftKey);
  }

  // begin notes where a gesture starts: from each change of the fingers anew.
  #begin(range) {
    const points = [...this.points.values()];
    this.held = { points: points.map(({ x, y }) => ({ x, y })), view: { ...this.line.view }, range, moved: this.points.size > 1 };
  }

  #move(event) {
    if (!this.points.has(event.pointerId) || !this.held) return;
    this.points.set(event.pointerId, this.#at(event));
    const points = [...this.points.values()];
    const [start] = this.held.points;
    if (points.length === 1 && Math.abs(points[0].x - start.x) < slack && !this.held.moved) return;
    this.held.moved = true;
    const { line } = this;
    if (points.length === 1 && this.held.range) {
      const [a, b] = [line.value(start.x), line.value(points[0].x)];
      line.choose(Math.min(a, b), Math.max(a, b));
      return;
    }
    const { from, to } = this.held.view;
    const share = (x) => from + ((x - line.left) / (line.right - line.left)) * (to - from);
    let span = to - from;
    let fixed = share(start.x);
    let x = points[0].x;
    if (points.length > 1) {
      const [a, b] = this.held.points;
      span = Math.min(1, Math.max(1e-6, (span * Math.max(10, Math.abs(a.x - b.x))) / Math.max(10, Math.abs(points[0].x - points[1].x))));
      fixed = share((a.x + b.x) / 2);
      x = (points[0].x + points[1].x) / 2;
    }
    const left = fixed - ((x - line.left) / (line.right - line.left)) * span;
    const begin = Math.max(0, Math.min(1 - span, left));
    line.view = { from: begin, to: begin + span };
    line.later();
  }

  #up(event, click) {
    if (!this.points.delete(event.pointerId) || !this.held) return;
    const { moved } = this.held;
    if (this.points.size > 0) {
      this.#begin(false);
      this.held.moved = true;
      return;
    }
    this.held = null;
    if (moved || !click) return;
    const { x, y } = this.#at(event);
    this.line.seekAt(x, y);
  }

  // wheel zooms when the timeline has focus or Ctrl is held, so that scrolling
  // the page past it stays possible.
  #wheel(event) {
    if (!event.ctrlKey && !this.host.contains(this.host.ownerDocument.activeElement)) return;
    event.preventDefault();
    const { line } = this;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      line.pan((event.deltaX || event.deltaY) / 600);
      return;
    }
    line.zoom(event.deltaY > 0 ? 1.25 : 0.8, line.value(this.#at(event).x) / line.extent);
  }
}
