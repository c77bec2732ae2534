// What the views inside a place share: names, ways to a step, fields.
import { count } from './format.js';
import { html } from './svg.js';
import { first, word } from './words.js';

// shownPages is how many pages the drawing shows at once, tableRows how many rows
// a table.
export const shownPages = 256;
export const tableRows = 100;

export function placeName(place) {
  return first([`scope.place.${place}`, `place.${place}`]);
}

// stepButton leads to a step and says what happens there; label tells several in
// one view apart.
export function stepButton(lane, step, label) {
  if (!step) return html('span', {}, word('drawing.start'));
  return html('button', { type: 'button', class: 'step', 'data-inside': 'step', 'data-value': step, 'data-key': `${label}-${step}`, title: lane.event(step)?.say ?? null },
    word('drawing.step', { Step: count(step) }));
}

export function field(name, ...value) {
  return [html('dt', {}, word(`drawing.column.${name}`)), html('dd', {}, ...value)];
}

// cut says that a table shows its first rows only.
export function cut(total) {
  return total > tableRows ? html('p', { class: 'loud' }, word('drawing.cut', { Shown: count(tableRows), Total: count(total) })) : null;
}
