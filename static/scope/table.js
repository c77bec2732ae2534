// The table twin of a lane's drawing: the events around the step.
import { size, time } from './format.js';
import { html } from './svg.js';
import { first, word } from './words.js';

const around = 8;

export function renderEvents(body, lane, step) {
  const from = Math.max(lane.begin + 1, Math.min(step - around, lane.end - 2 * around));
  const to = Math.min(lane.end, from + 2 * around);
  const rows = [];
  for (let k = from; k <= to; k += 1) rows.push(eventRow(lane.event(k), String(k), k === step));
  body.replaceChildren(...rows);
}

// eventRow is the row of an event; number is what its first cell holds.
export function eventRow(event, number, current) {
  const way = [event.from, event.to].filter(Boolean).map((name) => word(`place.${name}`)).join(' → ');
  const detail = event.detail ? first([`detail.${event.detail}`]) : '';
  return html('tr', { 'aria-current': current ? 'step' : null },
    html('td', { class: 'num' }, number),
    html('td', { class: 'num' }, time(event.at_ns)),
    html('td', { class: 'num' }, time(event.dur_ns)),
    html('td', {}, word(`kind.${event.kind}`)),
    html('td', {}, [word(`actor.${event.actor}`), event.who].filter(Boolean).join(' · ')),
    html('td', {}, way),
    html('td', { class: 'num' }, event.bytes ? size(event.bytes) : ''),
    html('td', {}, event.syscall ? `${event.syscall} #${event.call}` : ''),
    html('td', {}, detail),
    html('td', {}, word(`provenance.${event.provenance}`)));
}
