// Every event of a lane as a table, of which the document holds only the rows
// that are in sight.
import { count } from './format.js';
import { eventRow } from './table.js';
import { html, set } from './svg.js';
import { word } from './words.js';

const rowHeight = 26; // px, as the style sheet has it
const sight = 10; // rows
const spare = 4; // rows above and below

const columns = ['step', 'at', 'dur', 'kind', 'actor', 'way', 'bytes', 'call', 'detail', 'provenance'];

export class EventList {
  // seek(lane, step) goes to an event.
  constructor(seek) {
    this.above = html('tr', { 'aria-hidden': 'true' }, html('td', { colspan: columns.length }));
    this.below = html('tr', { 'aria-hidden': 'true' }, html('td', { colspan: columns.length }));
    this.body = html('tbody', {});
    this.table = html('table', {},
      html('thead', {}, html('tr', {}, ...columns.map((name) => html('th', { scope: 'col' }, word(`timeline.column.${name}`))))), this.body);
    this.scroll = html('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': word('timeline.all') }, this.table);
    this.title = html('summary', {});
    this.element = html('details', { class: 'list' }, this.title, this.scroll);
    this.scroll.addEventListener('scroll', () => this.#draw());
    this.element.addEventListener('toggle', () => this.#follow());
    this.body.addEventListener('click', (event) => {
      const row = event.target.closest('[data-step]');
      if (row) seek(this.lane, Number(row.dataset.step));
    });
  }

  render(lane, step) {
    this.lane = lane;
    const { total, shown } = lane.head;
    this.title.textContent = lane.whole > 0 ? word('timeline.all.window', { Lane: lane.id.toUpperCase(), From: count(lane.begin + 1), To: count(lane.end), Total: count(total) }) : word(total > shown ? 'timeline.all.cut' : 'timeline.all.of', { Lane: lane.id.toUpperCase(), Shown: count(shown), Total: count(total) });
    this.title.classList.toggle('loud', total > shown && lane.whole === 0);
    this.step = step;
    this.#follow();
  }

  // follow keeps the step's row in sight.
  #follow() {
    if (!this.element.open || !this.lane) return;
    const top = this.lane.indexOf(this.step) * rowHeight;
    if (this.step > 0 && (top < this.scroll.scrollTop || top > this.scroll.scrollTop + (sight - 2) * rowHeight)) {
      this.#size(0, 0);
      this.scroll.scrollTop = Math.max(0, top - (sight / 2 - 1) * rowHeight);
    }
    this.#draw();
  }

  #size(from, to) {
    this.above.firstChild.style.height = `${from * rowHeight}px`;
    this.below.firstChild.style.height = `${(this.lane.events.length - to) * rowHeight}px`;
    if (!this.above.isConnected) this.body.replaceChildren(this.above, this.below);
  }

  #draw() {
    if (!this.lane) return;
    const from = Math.max(0, Math.floor(this.scroll.scrollTop / rowHeight) - spare);
    const to = Math.min(this.lane.events.length, from + sight + 2 * spare);
    this.#size(from, to);
    const rows = [];
    for (let k = this.lane.begin + from + 1; k <= this.lane.begin + to; k += 1) {
      rows.push(set(eventRow(this.lane.event(k), html('button', { type: 'button', class: 'step', 'data-step': k }, count(k)), k === this.step), { 'aria-rowindex': k + 1 }));
    }
    set(this.table, { 'aria-rowcount': this.lane.steps + 1 });
    this.body.replaceChildren(this.above, ...rows, this.below);
  }
}
