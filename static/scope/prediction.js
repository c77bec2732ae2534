// The table of predictions beside measurements of the real lanes.
import { count } from './format.js';
import { html } from './svg.js';
import { has, word } from './words.js';

export function renderPredictions(host, player) {
  const lanes = player.lanes.filter((lane) => lane.comparison?.length > 0);
  host.hidden = lanes.length === 0;
  host.querySelector('tbody').replaceChildren(...lanes.flatMap((lane) => lane.comparison.map((row) => line(lane, row, lanes.length > 1))));
}

function line(lane, row, several) {
  const verdict = row.verdict.replaceAll(' ', '-');
  const text = word(`verdict.${verdict}`);
  return html('tr', {},
    html('th', { scope: 'row' }, several ? `${lane.id.toUpperCase()} · ` : null, nameOf(row.count)),
    html('td', { class: 'num' }, figure(row.predicted)),
    html('td', { class: 'num' }, figure(row.measured)),
    html('td', {}, html('span', { class: `verdict verdict-${verdict}`, title: row.reason ?? null, tabindex: row.reason ? 0 : null }, text)));
}

function nameOf(count) {
  const id = [`count.${count}`, `scope.compare.${count}`].find(has);
  if (id) return word(id);
  const [kind, call] = count.split('.'); // figures by name are written FIGURE.NAME
  return call ? word('scope.compare.calls', { Name: call }) : kind.replaceAll('_', ' ');
}

function figure(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? count(value) : value.toFixed(3);
  return has(`scope.word.${value}`) ? word(`scope.word.${value}`) : String(value);
}
