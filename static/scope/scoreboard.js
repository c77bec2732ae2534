// The scoreboard: every count of every lane at the lane's step, the change of
// this step and the difference between the lanes. The values are looked up in
// the series that the server sent; nothing is counted here.
import { change, quantity } from './format.js';
import { html, set } from './svg.js';
import { word } from './words.js';

// tell says what gives a lane's count its right to be believed; the badge has
// the same words.
function provenance(figure) {
  const text = [word(`provenance.${figure.provenance}`), figure.reason].filter(Boolean).join(': ');
  return html('span', { class: `dot prov-${figure.provenance}`, title: text, role: 'img', 'aria-label': text, tabindex: figure.reason ? 0 : null, 'data-reason': figure.reason });
}

function cell(lane, name, step) {
  const now = lane.count(name, step);
  if (!now) return html('td', { class: 'num' });
  const td = html('td', { class: 'num', 'data-count': name, 'data-lane': lane.id, 'data-value': now.value ?? '', 'data-provenance': now.provenance });
  if (now.value === null) {
    td.append(html('span', { class: 'dim' }, '–'), provenance(now));
    return td;
  }
  const before = lane.count(name, Math.max(0, step - 1));
  const rise = now.value - before.value;
  if (rise !== 0) td.append(html('span', { class: 'rise', 'data-rise': rise }, change(rise, now.unit)), ' ');
  td.append(html('span', {}, quantity(now.value, now.unit), provenance(now)));
  return td;
}

function difference(figures) {
  if (figures.some((figure) => !figure || figure.value === null)) return html('td', { class: 'num dim' }, '–');
  const by = figures[1].value - figures[0].value;
  return html('td', { class: `num diff ${by === 0 ? 'dim' : ''}`.trim() }, by === 0 ? '=' : change(by, figures[0].unit));
}

export function renderScoreboard(host, player) {
  const lanes = player.lanes.filter((lane) => lane.head);
  const steps = new Map(lanes.map((lane) => [lane, player.stepOf(lane)]));
  const head = html('tr', {}, html('th', { scope: 'col' }, word('scope.score.count')),
    ...lanes.map((lane) => html('th', { scope: 'col', class: 'num' }, lane.id.toUpperCase())),
    lanes.length === 2 ? html('th', { scope: 'col', class: 'num' }, 'B − A') : null);
  const names = lanes[0]?.head.order ?? [];
  const rows = names.map((name) => {
    const figures = lanes.map((lane) => lane.count(name, steps.get(lane)));
    const still = figures.every((figure) => figure && !figure.value);
    return html('tr', { 'data-row': name, class: still ? 'zero' : null },
      html('th', { scope: 'row' }, word(`count.${name}`)),
      ...lanes.map((lane) => cell(lane, name, steps.get(lane))),
      lanes.length === 2 ? difference(figures) : null);
  });
  host.querySelector('thead').replaceChildren(head);
  host.querySelector('tbody').replaceChildren(...rows);
  set(host, { 'data-step': player.step });
}
