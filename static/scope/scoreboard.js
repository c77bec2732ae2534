// The scoreboard: every count of every lane at the lane's step, the change of
// this step and the difference between the lanes. The values are looked up in
// the series that the server sent; nothing is counted here.
import { change, count, quantity } from './format.js';
import { html, set } from './svg.js';
import { has, word } from './words.js';

// dot tells what gives a number its right to be believed; the badge has the
// same words.
export function dot(provenance, reason) {
  if (!provenance) return null;
  const text = [word(`provenance.${provenance}`), reason].filter(Boolean).join(': ');
  return html('span', { class: `dot prov-${provenance}`, title: text, role: 'img', 'aria-label': text, tabindex: reason ? 0 : null, 'data-reason': reason });
}

// cell is a lane's figure: what the step added, the value and, if it has a place
// there, the difference from the reference lane.
function cell(lane, name, step, before, compared) {
  const now = lane.count(name, step);
  if (!now) return html('td', { class: 'num dim' }, lane.status === 'failed' ? '–' : '…');
  const value = html('td', { class: 'num', 'data-count': name, 'data-lane': lane.id, 'data-value': now.value ?? '', 'data-provenance': now.provenance });
  if (now.value === null) {
    value.append(html('span', { class: 'dim' }, '–'), dot(now.provenance, now.reason));
    return value;
  }
  const rise = now.value - lane.count(name, before).value;
  value.append(html('div', { class: 'cell' },
    html('span', { class: 'figure' }, quantity(now.value, now.unit), dot(now.provenance)),
    html('span', { class: 'rise', 'data-rise': rise || null }, rise === 0 ? '' : change(rise, now.unit)),
    compared ? html('span', { class: 'diff', title: compared.title }, difference(now, compared.figure)) : null));
  return value;
}

// difference is by how much a figure exceeds the reference's.
function difference(figure, reference) {
  if (!figure || !reference || figure.value === null || reference.value === null) return '–';
  const by = figure.value - reference.value;
  return by === 0 ? '=' : change(by, figure.unit);
}

// progress tells of each of several lanes whether its run is over, while one is
// not: until then their counts are not what the runs come to.
function progress(player, lanes, steps) {
  const over = lanes.map((lane, i) => lane.status === 'ready' && steps[i] === lane.steps && lane.head.total <= lane.head.shown);
  if (lanes.length < 2 || player.step === 0 || over.every(Boolean)) return [];
  return lanes.map((lane, i) => (lane.status !== 'ready' ? null : {
    over: over[i],
    text: over[i] ? word('scope.score.over') : word('scope.score.under-way', { Step: steps[i], Last: lane.steps }),
  }));
}

export class Scoreboard {
  // host is the card with the table, the switch that shows all counts and the
  // place for a warning.
  constructor(host, player) {
    this.ref = host.querySelector('[data-part="ref"]');
    this.ref.querySelector('select').addEventListener('change', (event) => player.setRef(event.target.value));
    this.table = host.querySelector('[data-part="scoreboard"]');
    this.cut = host.querySelector('[data-part="cut"]');
    this.all = host.querySelector('[data-part="all-counts"]');
    // The order of the counts, the headlines among them, and the counts that
    // stay zero are the server's, until runs say which stay zero.
    this.rows = [...this.table.querySelectorAll('tbody tr')].map((row) => ({
      name: row.dataset.row, key: row.classList.contains('key'), quiet: row.classList.contains('quiet'),
    }));
    this.all.checked = remembered();
    this.fold();
    this.all.addEventListener('change', () => {
      try {
        localStorage.setItem(stored, this.all.checked);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
      this.fold();
    });
  }

  fold() {
    this.table.classList.toggle('all', this.all.checked);
  }

  render(player) {
    const { lanes, reference } = player;
    const two = lanes.length === 2;
    const other = lanes.find((lane) => lane !== reference);
    const steps = lanes.map((lane) => player.stepOf(lane));
    const before = lanes.map((lane) => (player.step > 0 ? player.alignment.stepOf(lane, player.step - 1) : 0));
    const columns = ['name', ...lanes.map(() => 'value'), two && 'diff'].filter(Boolean);
    this.table.querySelector('colgroup').replaceChildren(...columns.map((name) => html('col', { class: name })));
    const ends = progress(player, lanes, steps);
    const open = ends.some((end) => end && !end.over);
    const against = (lane) => `${lane.id.toUpperCase()} − ${reference.id.toUpperCase()}`;
    this.table.querySelector('thead').replaceChildren(html('tr', {}, html('th', { scope: 'col' }, word('scope.score.count')),
      ...lanes.map((lane, i) => html('th', { scope: 'col', class: 'num', 'data-lane': lane.id }, lane.id.toUpperCase(), ends[i] ? html('small', { 'data-over': String(ends[i].over) }, ends[i].text) : null)),
      two ? html('th', { scope: 'col', class: 'num' }, against(other), open ? html('small', {}, word('scope.score.so-far')) : null) : null));
    const taught = lanes.some((lane) => /(^|,)model=textbook(,|$)/.test(lane.scenario));
    const known = lanes.filter((lane) => lane.head);
    for (const row of this.rows) {
      if (known.length > 0) row.quiet = !row.key && known.every((lane) => lane.count(row.name, lane.steps)?.value === 0);
    }
    this.table.querySelector('tbody').replaceChildren(...this.rows.map(({ name, key, quiet }) => {
      const figures = lanes.map((lane, i) => lane.count(name, steps[i]));
      const figure = figures[lanes.indexOf(reference)];
      const still = figures.every((each) => each && !each.value);
      const kinds = [key && 'key', quiet && 'quiet', still && 'zero'].filter(Boolean).join(' ');
      return html('tr', { 'data-row': name, class: kinds || null },
        html('th', { scope: 'row' }, word(`count.${name}`), taught && has(`scope.score.taught.${name}`) ? html('small', {}, word(`scope.score.taught.${name}`)) : null),
        ...lanes.map((lane, i) => cell(lane, name, steps[i], before[i], lanes.length > 2 && lane !== reference ? { figure, title: against(lane) } : null)),
        two ? html('td', { class: 'num diff' }, difference(figures[lanes.indexOf(other)], figure)) : null);
    }));
    this.renderRef(player);
    set(this.table, { 'data-open': String(open), 'data-lanes': lanes.length, 'data-step': player.step, 'aria-busy': player.settled ? null : 'true' });
    this.warn(known.filter((lane) => lane.head.total > lane.head.shown));
  }

  // renderRef offers the lanes that differences can be shown against.
  renderRef({ lanes, reference }) {
    this.ref.hidden = lanes.length < 2;
    const select = this.ref.querySelector('select');
    for (const option of select.options) option.hidden = !lanes.some((lane) => lane.id === option.value);
    select.value = reference?.id ?? '';
  }

  // warn says beside the counts that a run goes on after what is shown.
  warn(lanes) {
    const text = lanes.map((lane) => word('scope.score.cut', { Lane: lane.id.toUpperCase(), Shown: count(lane.head.shown), Total: count(lane.head.total) })).join(' ');
    this.cut.hidden = text === '';
    if (this.cut.textContent !== text) this.cut.textContent = text;
  }
}

const stored = 'all-counts';

function remembered() {
  try {
    return localStorage.getItem(stored) === 'true';
  } catch {
    return false;
  }
}
