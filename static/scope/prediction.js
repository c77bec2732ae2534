// The table of predictions beside measurements of the real lanes.
import { count, time } from './format.js';
import { dot } from './scoreboard.js';
import { html } from './svg.js';
import { has, word } from './words.js';

export function renderPredictions(host, player) {
  const lanes = player.lanes.filter((lane) => lane.comparison?.length > 0);
  host.hidden = lanes.length === 0;
  host.querySelector('[data-part="not-here"]').replaceChildren(...lanes.filter((lane) => lane.why).map((lane) => (
    html('p', { class: 'not-here' }, html('b', { class: 'tag' }, lane.id.toUpperCase()), ` ${lane.why}`))));
  host.querySelector('tbody').replaceChildren(...lanes.flatMap((lane) => lane.comparison.map((row) => line(lane, row, lanes.length > 1))));
}

// line is the row of a figure.
// A hash is told apart by its first digits; the title has all of them.
const digest = /^[0-9a-f]{12,}$/i;

export function line(lane, row, several) {
  const verdict = row.verdict.replaceAll(' ', '-');
  const text = word(`verdict.${verdict}`);
  const unit = lane.head?.counts[row.count]?.unit;
  const about = row.reason || (has(`verdict.${verdict}.about`) ? word(`verdict.${verdict}.about`) : null);
  return html('tr', {},
    html('th', { scope: 'row' }, several ? `${lane.id.toUpperCase()} · ` : null, nameOf(row.count)),
    html('td', { class: 'num' }, figure(row.predicted, unit), dot(row.predicted_provenance)),
    html('td', { class: 'num' }, figure(row.measured, unit), dot(row.provenance, row.measured === null ? row.reason : null)),
    html('td', {}, html('span', { class: `verdict verdict-${verdict}`, title: about, tabindex: about ? 0 : null }, text)));
}

// measuredLine is the row of a count that nothing was predicted of: about has its
// name, its series, and what is said in the place of a verdict.
export function measuredLine({ name, series, text, verdict }) {
  return html('tr', {},
    html('th', { scope: 'row' }, nameOf(name)),
    html('td', { class: 'num' }, '–'),
    html('td', { class: 'num' }, text, dot(series.provenance, text === '–' ? series.reason : null)),
    html('td', { class: 'dim' }, verdict));
}

function nameOf(count) {
  const id = [`count.${count}`, `scope.compare.${count}`].find(has);
  if (id) return word(id);
  const [kind, call] = count.split('.'); // figures by name are written FIGURE.NAME
  return call ? word('scope.compare.calls', { Name: call }) : kind.replaceAll('_', ' ');
}

// figure writes all digits: what is compared may differ by few of them.
export function figure(value, unit) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number' && unit === 'bytes') return `${count(value)} B`;
  if (typeof value === 'number' && unit === 'ns') return time(value);
  if (typeof value === 'number') return Number.isInteger(value) ? count(value) : value.toFixed(3);
  if (digest.test(value)) return html('span', { class: 'mono', title: value }, `${value.slice(0, 8)}…`);
  return has(`scope.word.${value}`) ? word(`scope.word.${value}`) : String(value);
}
