// The explorer of events, below the lanes: the search, all that an event tells,
// what the actors did within a range, and every event as a table.
import { EventList } from './eventlist.js';
import { count, size, time } from './format.js';
import { Search } from './search.js';
import { valueAt } from './series.js';
import { within } from './spans.js';
import { html, set } from './svg.js';
import { first, word } from './words.js';

export class Explorer {
  constructor(line) {
    this.line = line;
    this.search = new Search(line);
    this.laneID = '';
    this.lanes = html('span', { class: 'choice', role: 'group', 'aria-label': word('timeline.lane') });
    this.detail = html('div', { class: 'detail' });
    this.sums = html('div', { class: 'sums' });
    this.list = new EventList((lane, step) => line.seek(lane, step));
    // Where the stage is not all of the page it is out of the way until it is asked for.
    const all = line.host.ownerDocument.documentElement.dataset.page === 'scope';
    this.toggle = html('button', { type: 'button', class: 'toggle', 'aria-expanded': String(all) }, word('timeline.events'));
    this.toggle.addEventListener('click', () => this.expand(this.toggle.getAttribute('aria-expanded') !== 'true'));
    this.element = html('section', { class: 'card explorer', hidden: true, 'aria-label': word('timeline.events') },
      html('header', {}, html('h2', {}, this.toggle), this.lanes, html('span', { class: 'grow' }), this.search.element),
      html('div', { class: 'parts' }, this.detail, this.sums), this.list.element);
    this.element.addEventListener('click', (event) => this.#click(event));
  }

  // lane is the one whose event is told.
  get lane() {
    const { lanes } = this.line;
    return lanes.find(({ id }) => id === this.laneID) ?? lanes[0] ?? null;
  }

  expand(is) {
    set(this.toggle, { 'aria-expanded': String(is) });
    this.update();
  }

  // find leads to the search.
  find() {
    this.expand(true);
    this.search.focus();
  }

  select(lane) { this.laneID = lane.id; }

  update() {
    const { lanes, player } = this.line;
    this.element.hidden = !this.lane;
    if (this.element.hidden) return;
    const key = lanes.map((lane) => `${lane.id}${lane.scenario}${lane.begin} ${lane.steps}`).join(' ');
    if (key !== this.known) {
      this.known = key;
      this.search.run();
    }
    this.search.update();
    if (this.toggle.getAttribute('aria-expanded') !== 'true') return;
    const { lane } = this;
    this.lanes.replaceChildren(...(lanes.length > 1 ? lanes.map(({ id }) => html('button', { type: 'button', 'data-choose': id, 'aria-pressed': String(id === lane.id) }, id.toUpperCase())) : []));
    this.#drawEvent(lane, player.stepOf(lane));
    this.#drawSums();
    this.list.render(lane, player.stepOf(lane));
  }

  // drawEvent shows every field of the step's event, and what it is linked with.
  #drawEvent(lane, step) {
    const event = lane.event(step);
    if (!event) {
      this.detail.replaceChildren(html('p', { class: 'dim' }, word('timeline.event.none')));
      return;
    }
    const links = lane.head.links ?? [];
    const ways = (pairs, other) => pairs.slice(0, 6).map((pair) => html('button', { type: 'button', class: 'step', 'data-step': pair[other], title: lane.event(pair[other])?.say ?? '' },
      word('drawing.step', { Step: count(pair[other]) })));
    const causes = ways(links.filter(([, to]) => to === step), 0);
    const outcomes = ways(links.filter(([from]) => from === step), 1);
    const rows = [
      ['at', time(event.at_ns)], ['dur', event.dur_ns > 0 ? time(event.dur_ns) : '–'],
      ['cpu', event.cpu_ns ? time(event.cpu_ns) : null],
      ['actor', word(`actor.${event.actor}`)], ['endpoint', word(`timeline.endpoint.${event.endpoint}`)], ['phase', word(`timeline.phase.${event.phase}`)],
      ['way', [event.from, event.to].filter(Boolean).map((place) => word(`place.${place}`)).join(' → ') || null],
      ['bytes', event.bytes ? `${count(event.bytes)} (${size(event.bytes)})` : null],
      ['units', event.n ? count(event.n) : null],
      ['offset', event.offset ? count(event.offset) : null],
      ['call', event.syscall ? `${event.syscall} #${event.call}` : null], ['line', event.line || null],
      ['thread', event.thread ? count(event.thread) : null],
      ['ret', event.kind === 'syscall' ? count(event.ret ?? 0) : null], ['errno', event.errno || null],
      ['detail', event.detail ? first([`detail.${event.detail}`]) : null],
      ['cause', causes.length > 0 ? causes : null], ['outcome', outcomes.length > 0 ? outcomes : null],
    ].filter(([, value]) => value !== null);
    this.detail.replaceChildren(
      html('p', { class: 'what' }, html('b', {}, `${lane.id.toUpperCase()} · ${word('drawing.step', { Step: count(step) })} · ${word(`kind.${event.kind}`)} `),
        html('span', { class: `prov prov-${event.provenance}`, title: word(`provenance.${event.provenance}.explain`) }, word(`provenance.${event.provenance}`))),
      html('dl', {}, ...rows.map(([name, value]) => html('div', {}, html('dt', {}, word(`timeline.field.${name}`)), html('dd', {}, ...[value].flat())))));
  }

  // drawSums shows what each actor did within the range: the difference of two
  // of the server's sums.
  #drawSums() {
    const { line } = this;
    const { range } = line;
    const button = (name, act) => html('button', { type: 'button', 'data-range': act }, word(`timeline.range.${name}`));
    const buttons = html('p', { class: 'range-buttons' }, button('from', 'from'), button('to', 'to'), range ? button('clear', 'clear') : null);
    if (!range) {
      this.sums.replaceChildren(buttons, html('p', { class: 'small dim' }, word('timeline.range.hint')));
      return;
    }
    const rows = [];
    const captions = [];
    for (const lane of line.lanes) {
      const steps = within(lane, line.player.axis, range.from, range.to);
      if (!steps) continue;
      captions.push(word('timeline.range.steps', { Lane: lane.id.toUpperCase(), From: count(steps[0]), To: count(steps[1]) }));
      for (const [actor, series] of Object.entries(lane.head.sums ?? {})) {
        const part = (name) => valueAt(series[name], steps[1]) - valueAt(series[name], steps[0] - 1);
        const events = part('events');
        if (events === 0) continue;
        rows.push(html('tr', {},
          html('th', { scope: 'row' }, `${lane.id.toUpperCase()} ${actor === 'receiver' ? word('scope.place.receiver') : word(`actor.${actor}`)}`),
          html('td', { class: 'num' }, count(events)), html('td', { class: 'num' }, time(part('time'))), html('td', { class: 'num' }, size(part('bytes')))));
      }
    }
    const say = (value) => (line.player.axis === 'time' ? time(value) : count(Math.round(value)));
    this.sums.replaceChildren(buttons,
      html('p', { class: 'small' }, `${word('drawing.range', { From: say(range.from), To: say(range.to) })}${captions.length > 0 ? ` · ${captions.join(' · ')}` : ''}`),
      rows.length === 0 ? html('p', { class: 'dim' }, word('timeline.range.empty'))
        : html('table', {}, html('thead', {}, html('tr', {}, ...['actor', 'events', 'dur', 'moved'].map((name, i) => html('th', { scope: 'col', class: i > 0 ? 'num' : null }, word(`timeline.field.${name}`))))), html('tbody', {}, ...rows)));
  }

  #click(event) {
    const { line } = this;
    const { choose, step, range } = event.target.closest('button')?.dataset ?? {};
    if (choose) {
      this.laneID = choose;
      this.update();
      this.lanes.querySelector('[aria-pressed="true"]')?.focus();
    }
    if (step && !event.target.closest('.list')) line.seek(this.lane, Number(step));
    if (range === 'clear') line.unchoose();
    else if (range) line.mark(range === 'to');
    if (range) this.sums.querySelector(`[data-range="${range}"]`)?.focus();
  }
}
